"""LoRA adapters are merged as if each had been put into the model first."""

import copy
import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from fcotvl_hf.hub.models import load_model
from fcotvl_hf.merging import merge_checkpoints

from .conftest import weights_of

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's


def adapter(base: Path, folder: Path, seed: int, **settings: object) -> dict[str, torch.Tensor]:
    """Write a random adapter of ``base``; returns the weights of the model that PEFT makes of it."""
    model, _ = load_model(str(base), device="cpu")
    torch.manual_seed(seed)
    config = LoraConfig(r=3, lora_alpha=5, target_modules=r".*\.language_model\..*_proj", **settings)
    adapted = get_peft_model(copy.deepcopy(model), config)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora" in name or "modules_to_save" in name:
                parameter.copy_(torch.randn(parameter.shape) * 0.1)
    adapted.save_pretrained(folder)
    return adapted.merge_and_unload().state_dict()


def test_adapters_are_merged_like_the_models_they_make(session_folders: list[Path], tmp_path: Path) -> None:
    base, _, _, whole = session_folders
    settings = {"modules_to_save": ["multi_modal_projector"]}
    made = [
        adapter(base, tmp_path / "a", 1, **settings),
        adapter(base, tmp_path / "b", 2, use_rslora=True, alpha_pattern={"q_proj": 9}, rank_pattern={"k_proj": 2}),
        weights_of(whole),
    ]
    weights = [0.5, -0.3, 0.4]
    merge_checkpoints(base, [tmp_path / "a", tmp_path / "b", whole], weights, tmp_path / "out")
    found, start = weights_of(tmp_path / "out"), weights_of(base)
    for name, tensor in found.items():
        expected = start[name] + sum(w * (m[name] - start[name]) for w, m in zip(weights, made, strict=True))
        torch.testing.assert_close(tensor, expected, rtol=1e-5, atol=1e-5, msg=name)
    assert load_model(str(tmp_path / "out"), device="cpu")[1] is not None


def test_adapters_alone_take_the_rest_from_the_base(session_folders: list[Path], tmp_path: Path) -> None:
    made = adapter(session_folders[0], tmp_path / "a", 1)
    merge_checkpoints(session_folders[0], [tmp_path / "a"], [1.0], tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, made[name], msg=name)
    assert "model: " + f"{session_folders[0]}+{tmp_path / 'a'}" in (tmp_path / "out/mergekit_config.yml").read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"use_dora": True}, "is an adapter with use_dora"),
        ({"init_lora_weights": "pissa_niter_4"}, "is an adapter with init_lora_weights pissa_niter_4"),
        ({"peft_type": "IA3"}, "is an adapter with peft_type"),
    ],
)
def test_other_adapters_are_refused(session_folders: list[Path], tmp_path: Path, change: dict, told: str) -> None:
    adapter(session_folders[0], tmp_path / "a", 1)
    path = tmp_path / "a" / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=f"{told}.*merge_and_unload"):
        merge_checkpoints(session_folders[0], [tmp_path / "a"], [1.0], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_adapter_is_named(session_folders: list[Path], tmp_path: Path) -> None:
    adapter(session_folders[0], tmp_path / "a", 1)
    (tmp_path / "a" / "adapter_config.json").write_text('{"peft_type": "LO')
    with pytest.raises(ValueError, match=r"adapter_config\.json is no valid JSON"):
        merge_checkpoints(session_folders[0], [tmp_path / "a"], [1.0], tmp_path / "out")


def test_an_adapter_of_another_model_is_refused(session_folders: list[Path], tmp_path: Path) -> None:
    adapter(session_folders[0], tmp_path / "a", 1)
    with pytest.raises(ValueError, match="gives .*, but model.language_model.* of .*fcot-vl-tiny is"):
        merge_checkpoints("tiny", [tmp_path / "a"], [1.0], tmp_path / "out")
