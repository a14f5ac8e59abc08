"""A folder of weights read tensor by tensor: one safetensors file, shards with an index, or (if asked for) pickles."""

import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from fcotvl_hf.io.tensors import INDEX, WEIGHTS, TensorSpec, read_specs, read_tensor

PICKLES, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"


@dataclass(frozen=True)
class Checkpoint:
    """What a folder's weight files hold; values are read on demand.

    Args:
        specs: name → shape and type, file by file.
        files: name → the file that holds it.
    """

    specs: dict[str, TensorSpec]
    files: dict[str, Path]

    def tensor(self, name: str) -> torch.Tensor:
        """Read one tensor; nothing else is kept in memory (of pickles, the last file)."""
        path = self.files[name]
        return _unpickle(path)[name] if path.suffix == ".bin" else read_tensor(path, name)


def open_checkpoint(folder: Path, allow_pickle: bool = False) -> Checkpoint:
    """Find a folder's weight files and read what is in them, without the values.

    Args:
        folder: a model folder.
        allow_pickle: read ``.bin`` files if there are no safetensors, weights only: no code in them is run.

    Raises:
        FileNotFoundError: there are no weights, or a shard is missing.
        ValueError: a file is cut short or damaged, the index and the shards disagree, or there are only pickles.
    """
    for single, index, pickled in ((WEIGHTS, INDEX, False), (PICKLES, PICKLE_INDEX, True)):
        if not ((folder / single).is_file() or (folder / index).is_file()):
            continue
        if pickled and not allow_pickle:
            raise ValueError(
                f"{folder} has pickled weights only (.bin), which can run code when they are read; "
                "add --allow-pickle if you trust them, or ask for safetensors"
            )
        return _open_files(folder, single, index)
    raise FileNotFoundError(f"{folder} holds no weights: neither {WEIGHTS} nor {INDEX} is there")


def _open_files(folder: Path, single: str, index: str) -> Checkpoint:
    listed = _read_index(folder / index) if (folder / index).is_file() else None
    names = [single] if listed is None else sorted(set(listed.values()))
    specs: dict[str, TensorSpec] = {}
    files: dict[str, Path] = {}
    for name in names:
        for key, spec in _specs(folder / name).items():
            if listed is not None and listed.get(key) != name:
                raise ValueError(f"{folder / name} holds {key}, which {index} lists as {listed.get(key, 'absent')}")
            specs[key], files[key] = spec, folder / name
    for key, name in (listed or {}).items():
        if key not in files:
            raise ValueError(f"{index} lists {key} in {name}, which does not hold it; download it again")
    return Checkpoint(specs, files)


def _read_index(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text())["weight_map"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no index of shards ({type(error).__name__}: {error})") from None


def _specs(path: Path) -> dict[str, TensorSpec]:
    if path.suffix != ".bin":
        return read_specs(path)
    return {name: TensorSpec(tuple(tensor.shape), tensor.dtype) for name, tensor in _tensors(path)}


def _tensors(path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    for name, value in _unpickle(path).items():
        if not isinstance(value, torch.Tensor):
            raise ValueError(f"{path} holds {name}, a {type(value).__name__}, not a tensor")
        yield name, value


@lru_cache(maxsize=1)
def _unpickle(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; download the checkpoint again")
    try:
        return dict(torch.load(path, map_location="cpu", weights_only=True, mmap=True))
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{path} cannot be read as weights only ({reason})") from None
