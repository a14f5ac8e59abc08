"""The optimizer takes torch's Muon steps on matrices, up to bfloat16's rounding, and AdamW's on the rest."""

import pytest
import torch
from torch import nn

from fcotvl_hf.training.muon import MuonAdamW, is_block_matrix, orthogonalize
from fcotvl_hf.training.sft_config import FCoTSFTConfig


def test_orthogonalized_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((3, 8, 20), (3, 20, 8)):
        values = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
        assert values.min() > 0.4 and values.max() < 1.4


def test_steps_equal_torchs_muon_and_adamw() -> None:
    torch.manual_seed(0)
    starts = [torch.randn(6, 10), torch.randn(6, 10), torch.randn(12, 5), torch.randn(7)]
    ours, theirs = ([start.clone().requires_grad_() for start in starts] for _ in range(2))
    optimizer = MuonAdamW(
        [{"params": ours[:3], "muon": True, "weight_decay": 0.1}, {"params": ours[3:], "weight_decay": 0.0}], lr=1e-2
    )
    references = (
        torch.optim.Muon(theirs[:3], lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(theirs[3:], lr=1e-2, weight_decay=0.0),
    )
    for _ in range(3):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.clone()
        optimizer.step()
        for reference in references:
            reference.step()
    for mine, other, start in zip(ours, theirs, starts, strict=True):
        assert (mine - other).norm() < 0.02 * (mine - start).norm()
    assert torch.equal(ours[3], theirs[3])
    assert len(optimizer.param_groups) == 2


def test_a_loaded_state_goes_on_as_the_saved_one() -> None:
    torch.manual_seed(0)
    straight, resumed = (nn.Linear(4, 4) for _ in range(2))
    resumed.load_state_dict(straight.state_dict())
    inputs = torch.randn(3, 2, 4)

    def build(module: nn.Linear) -> MuonAdamW:
        return MuonAdamW([{"params": [module.weight], "muon": True}, {"params": [module.bias]}], lr=1e-2)

    def step(module: nn.Linear, optimizer: MuonAdamW, batch: torch.Tensor) -> None:
        optimizer.zero_grad()
        module(batch).square().sum().backward()
        optimizer.step()

    first, second = build(straight), build(resumed)
    for batch in inputs[:2]:
        step(straight, first, batch)
        step(resumed, second, batch)
    again = build(resumed)
    again.load_state_dict(second.state_dict())
    step(straight, first, inputs[2])
    step(resumed, again, inputs[2])
    assert torch.equal(straight.weight, resumed.weight) and torch.equal(straight.bias, resumed.bias)


def test_embeddings_heads_and_vectors_are_adamws() -> None:
    matrix, vector = torch.zeros(2, 2), torch.zeros(2)
    assert is_block_matrix("model.layers.0.mlp.up_proj.weight", matrix)
    assert not is_block_matrix("model.embed_tokens.weight", matrix)
    assert not is_block_matrix("lm_head.weight", matrix)
    assert not is_block_matrix("model.layers.0.norm.weight", vector)


def test_another_optimizer_beside_muon_is_refused() -> None:
    with pytest.raises(ValueError, match="muon goes with AdamW, not with optim sgd"):
        FCoTSFTConfig(muon=True, optim="sgd")
