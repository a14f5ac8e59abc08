"""Where the numbers of a checkpoint come from: its files, its adapter on top of the base, or memory."""

import hashlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Protocol

import torch

from fcotvl_hf.conversion.checkpoint import open_checkpoint
from fcotvl_hf.io.ranges import TensorFile
from fcotvl_hf.io.tensors import INDEX, WEIGHTS, StoredTensor, TensorSpec

ADAPTER = "adapter_model.safetensors"


class Source(Protocol):
    """A checkpoint of which any run of numbers can be read."""

    @property
    def folder(self) -> Path:
        """Its model folder."""

    @property
    def specs(self) -> Mapping[str, TensorSpec]:
        """Name → shape and type, file by file."""

    def sha256(self) -> str:
        """Hash of its weight file; of several, hash of their hashes (hex, one after another, in order of names)."""

    def read(self, name: str, first: int, count: int) -> torch.Tensor:
        """Numbers ``first`` … ``first + count − 1`` of a tensor in row-major order, ``[count]``."""


class FolderSource:
    """A model folder of safetensors.

    Args:
        folder: one file or shards with an index.

    Raises:
        FileNotFoundError: there are no safetensors, or a shard is missing.
        ValueError: a file is damaged, or index and shards disagree.
    """

    def __init__(self, folder: Path) -> None:
        if not ((folder / WEIGHTS).is_file() or (folder / INDEX).is_file()):
            raise FileNotFoundError(
                f"no *.safetensors in {folder}; give folders written by save_pretrained or a trainer"
            )
        checkpoint = open_checkpoint(folder)
        self.folder = folder
        self.specs = {name: TensorSpec(spec.shape, spec.dtype) for name, spec in checkpoint.specs.items()}
        paths = {name: spec.path for name, spec in checkpoint.specs.items() if isinstance(spec, StoredTensor)}
        opened = {path: TensorFile(path) for path in dict.fromkeys(paths.values())}
        self._files = [opened[path] for path in sorted(opened)]
        self._homes = {name: opened[path] for name, path in paths.items()}

    def sha256(self) -> str:
        hashes = [file.sha256() for file in self._files]
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()

    def read(self, name: str, first: int, count: int) -> torch.Tensor:
        return self._homes[name].read(name, first, count)


class MemorySource:
    """A copy of another source, read once and kept in its own types.

    Args:
        source: what to copy.
    """

    def __init__(self, source: Source) -> None:
        self.folder = source.folder
        self.specs = source.specs
        self._source = source
        self._tensors = {name: source.read(name, 0, prod(spec.shape)) for name, spec in source.specs.items()}

    def sha256(self) -> str:
        return self._source.sha256()

    def read(self, name: str, first: int, count: int) -> torch.Tensor:
        return self._tensors[name][first : first + count]


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds a PEFT adapter and no model."""
    return (folder / ADAPTER).is_file() and not (folder / WEIGHTS).is_file() and not (folder / INDEX).is_file()
