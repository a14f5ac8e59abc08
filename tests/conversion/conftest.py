"""Original InternVL2 folders with what the original implementation answered, and their conversions."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import InternVLConfig, InternVLForConditionalGeneration

from fcotvl_hf.conversion.convert import convert

ORIGINALS = Path(__file__).parent.parent / "data" / "internvl2"
KINDS = ("internlm2-gqa", "qwen2", "llama")


@dataclass(frozen=True)
class Case:
    """One question to an original, and its answer."""

    settings: dict[str, Any]
    images: list[Image.Image]
    reference: dict[str, torch.Tensor]


def read_cases(kind: str) -> list[Case]:
    folder = ORIGINALS / kind
    tensors = load_file(folder / "reference.safetensors")
    cases = []
    for settings in json.loads((folder / "reference.json").read_text()):
        images = [Image.open(folder / name).convert("RGB") for name in settings["images"]]
        stem = f"case{settings['case']}."
        reference = {name.removeprefix(stem): tensor for name, tensor in tensors.items() if name.startswith(stem)}
        cases.append(Case(settings, images, reference))
    return cases


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """From the name of an original to the folder of its conversion, made when first asked for."""
    root = tmp_path_factory.mktemp("converted")

    def folder_of(kind: str) -> Path:
        if not (root / kind).exists():
            convert(str(ORIGINALS / kind), root / kind)
        return root / kind

    return folder_of


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A copy of the InternLM2 original for one test to spoil."""
    return Path(shutil.copytree(ORIGINALS / "internlm2-gqa", tmp_path / "original"))


def edit_json(path: Path, change: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def set_at(*keys_and_value: Any) -> Callable[[Any], object]:
    """A change for ``edit_json``: ``set_at("llm_config", "bias", True)``."""
    *keys, last, value = keys_and_value

    def change(content: Any) -> None:
        for key in keys:
            content = content[key]
        content[last] = value

    return change


def split_weights(folder: Path, shards: int) -> None:
    """Cut a folder's weights into files with an index."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    weight_map = {}
    for shard in range(shards):
        name = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = dict(list(tensors.items())[shard::shards])
        save_file(part, folder / name, {"format": "pt"})
        weight_map |= dict.fromkeys(part, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def save_native(folder: Path, teacher) -> InternVLForConditionalGeneration:
    """A native InternVL with the teacher's weights, saved the way transformers saves one."""
    model, processor = teacher
    ours = (
        "model_type",
        "auto_map",
        "architectures",
        "compressor_type",
        "compressor_stride",
        "compressor_groups",
        "compressor_position",
    )
    settings = {key: value for key, value in model.config.to_dict().items() if key not in ours}
    native = InternVLForConditionalGeneration(InternVLConfig.from_dict(settings)).eval()
    native.load_state_dict(model.state_dict())
    native.save_pretrained(folder)
    processor.save_pretrained(folder)
    edit_json(
        folder / "processor_config.json", set_at("image_processor", "image_processor_type", "GotOcr2ImageProcessor")
    )
    return native
