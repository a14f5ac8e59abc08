"""Checkpoints to merge: small model folders with other weights, and folders of any tensors."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]
MakeFolder = Callable[..., Path]


@pytest.fixture(scope="session")
def session_folders(session_teacher, tmp_path_factory) -> list[Path]:
    """A base and three checkpoints around it, as model folders. Do not change them."""
    root = tmp_path_factory.mktemp("pool")
    generator = torch.Generator().manual_seed(1)
    made = []
    for name in ("base", "checkpoint-1", "checkpoint-2", "checkpoint-3"):
        model, processor = copy.deepcopy(session_teacher)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
        model.save_pretrained(root / name)
        processor.save_pretrained(root / name)
        made.append(root / name)
    return made


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """From a name, tensors and configuration to the folder of some model that is not ours."""

    def make(name: str, tensors: Tensors, **config: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
        return folder

    return make


def weights_of(folder: Path) -> Tensors:
    return load_file(folder / "model.safetensors")
