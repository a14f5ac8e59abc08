"""Each part of the model may have its own learning rate; LoRA trains the compressor in full beside it."""

import pytest
import torch
from torch import nn

from fcotvl_hf.hub.models import load_model
from fcotvl_hf.scripts.lora import LoraArguments
from fcotvl_hf.training.parameter_groups import parameter_groups, part_of
from fcotvl_hf.training.run import run


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("model.vision_tower.encoder.layer.0.mlp.fc1.weight", "vit"),
        ("model.compressor.weight", "connector"),
        ("base_model.model.model.multi_modal_projector.modules_to_save.default.linear_1.bias", "connector"),
        ("model.language_model.layers.0.mlp.up_proj.weight", "language_model"),
        ("lm_head.weight", "language_model"),
    ],
)
def test_parts(name, part) -> None:
    assert part_of(name) == part


def test_frozen_parameters_are_in_no_group_and_no_group_is_empty() -> None:
    weight, frozen = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1), requires_grad=False)
    rates = {"vit": 1.0, "connector": 2.0, "language_model": 3.0}
    groups = parameter_groups([("compressor.weight", weight), ("lm_head.weight", frozen)], rates, 0.1, [])
    assert groups == [{"params": [weight], "lr": 2.0, "weight_decay": 0.0, "muon": False}]


def test_every_parameter_has_the_rate_of_its_part(make_trainer) -> None:
    rates = {"learning_rate": 4e-5, "vit_learning_rate": 1e-6, "connector_learning_rate": 2e-4}
    trainer = make_trainer("sft", weight_decay=0.01, **rates)
    optimizer = trainer.create_optimizer()
    found = {id(p): (group["lr"], group["weight_decay"]) for group in optimizer.param_groups for p in group["params"]}
    expected = {"language_model": 4e-5, "vit": 1e-6, "connector": 2e-4}
    decayed = set(trainer.get_decay_parameter_names(trainer.model))
    parameters = dict(trainer.model.named_parameters())
    assert len(found) == len(parameters)
    for name, parameter in parameters.items():
        assert found[id(parameter)] == (expected[part_of(name)], 0.01 if name in decayed else 0.0)
    assert optimizer.param_groups[0]["lr"] == 4e-5  # the one that is logged


def test_rate_zero_freezes_a_part(make_trainer) -> None:
    trainer = make_trainer("sft", vit_learning_rate=0.0)
    before = {name: parameter.clone() for name, parameter in trainer.model.named_parameters()}
    trainer.train()
    same = {name for name, parameter in trainer.model.named_parameters() if torch.equal(parameter, before[name])}
    assert same == {name for name in before if part_of(name) == "vit"}


def test_negative_rates_are_refused(make_trainer) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        make_trainer("sft", connector_learning_rate=-1.0)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's
def test_lora_leaves_an_adapter_and_a_model(make_trainer, student, tmp_path) -> None:
    lora = LoraArguments(use_peft=True, lora_r=2)
    trainer = make_trainer("sft", others={"peft_config": lora.peft_config()}, save_strategy="steps", save_steps=1)
    run(trainer)
    for folder in ("checkpoint-2", ""):
        assert (tmp_path / "run" / folder / "adapter_model.safetensors").exists()
    merged = load_model(str(tmp_path / "run" / "merged"))[0].state_dict()
    changed = {name for name, value in student[0].state_dict().items() if not torch.equal(value, merged[name])}
    assert {part_of(name) for name in changed} == {"connector", "language_model"}
    assert all("_proj" in name or part_of(name) == "connector" for name in changed)
