"""Drop path acts on whole tiles, in training only, keeps expectations, and leaves no trace in the model."""

import copy

import pytest
import torch
from torch import nn

from fcotvl_hf.training.drop_path import DropPath, add_drop_path


@pytest.fixture
def vit(tiny_teacher) -> nn.Module:
    return tiny_teacher[0].model.vision_tower


@pytest.fixture
def tiles() -> torch.Tensor:
    return torch.randn(6, 3, 112, 112, generator=torch.Generator().manual_seed(0))


def features(vit: nn.Module, tiles: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return vit(pixel_values=tiles).last_hidden_state


def test_whole_tiles_are_dropped_and_the_expectation_stays() -> None:
    torch.manual_seed(0)
    module = nn.Identity().train()
    branch = torch.ones(40_000, 2, 3)
    dropped = DropPath(0.25)(module, (), branch)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert (dropped == dropped[:, :1, :1]).all()
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)


def test_attention_weights_beside_the_output_stay() -> None:
    weights = torch.rand(2)
    assert DropPath(0.5)(nn.Identity().train(), (), (torch.ones(2, 1, 1), weights))[1] is weights


def test_rates_rise_linearly_with_depth(vit) -> None:
    vit.encoder.layer.extend(copy.deepcopy(vit.encoder.layer))
    add_drop_path(vit, 0.3)
    rates = [
        [hook.rate for hook in branch._forward_hooks.values()]
        for layer in vit.encoder.layer
        for branch in (layer.attention, layer.mlp)
    ]
    assert rates[:2] == [[], []]
    assert [rate for (rate,) in rates[2:]] == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.3, 0.3])


def test_evaluation_and_state_dict_are_untouched(vit, tiles) -> None:
    vit.eval()
    before, names = features(vit, tiles), list(vit.state_dict())
    add_drop_path(vit, 0.9)
    assert torch.equal(features(vit, tiles), before)
    assert list(vit.state_dict()) == names
    assert not torch.equal(features(vit.train(), tiles), before)


def test_a_dropped_layer_hands_its_input_on(vit, tiles) -> None:
    one_layer = copy.deepcopy(vit).train()
    one_layer.encoder.layer = one_layer.encoder.layer[:1]
    add_drop_path(vit.train(), 0.999_999)  # the second layer's; the first has rate 0
    torch.testing.assert_close(features(vit, tiles), features(one_layer, tiles))


def test_activation_checkpointing_draws_the_same_tiles_twice(vit, tiles) -> None:
    add_drop_path(vit.train(), 0.5)
    gradients = []
    for checkpointing in (False, True):
        if checkpointing:
            vit.activation_checkpointing_enable()
        vit.zero_grad()
        features(vit, tiles, seed=3).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in vit.parameters() if parameter.grad is not None])
    torch.testing.assert_close(*gradients)


def test_it_is_part_of_a_compiled_tower(vit, tiles) -> None:
    add_drop_path(vit.train(), 0.5)
    expected = features(vit, tiles, seed=5)
    vit.compile(dynamic=True, backend="eager", fullgraph=True)
    torch.testing.assert_close(features(vit, tiles, seed=5), expected)
    assert not torch.equal(features(vit, tiles, seed=6), expected)
    evaluated = features(vit.eval(), tiles, seed=1)
    assert torch.equal(features(vit, tiles, seed=2), evaluated)
