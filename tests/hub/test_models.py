"""A model that loads is the model that was saved; anything else is refused by name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import PACKAGED, load_model, resolve_model
from fcotvl_hf.hub.names import local_folder


@pytest.fixture
def folder(teacher_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(teacher_folder, tmp_path / "model"))


def _change_weights(folder: Path, **changes: torch.Tensor | None) -> None:
    weights = load_file(folder / "model.safetensors") | changes
    kept = {name: weight for name, weight in weights.items() if weight is not None}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def test_names(tmp_path: Path) -> None:
    assert {name: Path(resolve_model(name)).name for name in PACKAGED} == PACKAGED
    assert resolve_model("user/model") == "user/model"
    assert resolve_model(str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize("name", ["./absent", "/absent/model", "runs/a/b", "tny", "models/"])
def test_absent_folder_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"no model at {name}; .* tiny, tiny-50, tiny-75"):
        resolve_model(name)


@pytest.mark.parametrize("read", [load_config, lambda name: local_folder(name, ["*.json"])])
def test_a_misspelt_folder_that_the_hub_lacks_is_named(read: Callable[[str], object]) -> None:
    with pytest.raises(OSError, match="there is no folder runs/posttraned, and the Hub does not give it: "):
        read("runs/posttraned")


def test_loads_in_eval_mode_with_its_processor(folder: Path) -> None:
    model, processor = load_model(str(folder), device="cpu")
    assert not model.training
    assert processor.image_seq_length == model.config.image_seq_length == 16


def test_half_precision_checkpoint_is_float32_on_cpu_unless_asked_otherwise(folder: Path) -> None:
    load_model(str(folder))[0].half().save_pretrained(folder)
    assert load_model(str(folder), device="cpu")[0].dtype == torch.float32
    assert load_model(str(folder), dtype=torch.bfloat16, device="cpu")[0].dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lm_head.weight": None}, "missing keys lm_head.weight"),
        ({"model.extra": torch.zeros(1)}, "unexpected keys model.extra"),
        ({"lm_head.weight": torch.zeros(3, 3)}, "mismatched keys .*lm_head.weight"),
    ],
)
def test_weights_that_do_not_fit_are_named(folder: Path, changes: dict[str, torch.Tensor | None], told: str) -> None:
    _change_weights(folder, **changes)
    with pytest.raises(ValueError, match=told) as refusal:
        load_model(str(folder), device="cpu")
    assert "\n" not in str(refusal.value)


def test_weights_that_were_cut_short_are_named(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])
    with pytest.raises(ValueError, match=f"weights of {folder} are cut short"):
        load_model(str(folder))


def test_other_kind_of_model_is_named(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"model_type": "internvl"}))
    with pytest.raises(ValueError, match="is a model of type internvl, not fcotvl; convert it first"):
        load_model(str(folder), device="cpu")


def test_configuration_that_names_no_kind_is_one_line(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    del settings["model_type"]
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="names no model_type; give a folder that fcotvl convert or init wrote$"):
        load_model(str(folder), device="cpu")


def test_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no model: there is no config\.json"):
        load_model(str(tmp_path), device="cpu")


def test_processor_that_writes_too_much_is_refused(folder: Path) -> None:
    file = folder / "processor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"image_seq_length": 256}))
    with pytest.raises(ValueError, match="writes 256 placeholders per tile, the model emits 16"):
        load_model(str(folder), device="cpu")
