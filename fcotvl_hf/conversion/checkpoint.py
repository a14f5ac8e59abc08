"""A folder of weights read tensor by tensor: one safetensors file, shards with an index, or (if asked for) pickles."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch

from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.io.tensors import INDEX, WEIGHTS, TensorSpec, read_specs

PICKLES, PICKLE_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"

Reader = Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """What a folder's weight files hold; values are read on demand.

    Args:
        specs: name → shape and type, file by file.
        readers: name → a function that reads the values.
    """

    specs: dict[str, TensorSpec]
    readers: dict[str, Reader]

    def tensor(self, name: str) -> torch.Tensor:
        """Read one tensor; nothing else is kept in memory (of pickles, the last file)."""
        return self.readers[name]()


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
    readers: dict[str, Reader] = {}
    for name in names:
        for key, spec, reader in _tensors(folder / name):
            if listed is not None and listed.get(key) != name:
                raise ValueError(f"{folder / name} holds {key}, which {index} lists as {listed.get(key, 'absent')}")
            specs[key], readers[key] = spec, reader
    for key, name in (listed or {}).items():
        if key not in specs:
            raise ValueError(f"{index} lists {key} in {name}, which does not hold it; download it again")
    return Checkpoint(specs, readers)


def _read_index(path: Path) -> dict[str, str]:
    weight_map = read_json(path).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise ValueError(f"{path} is no index of shards: weight_map must say for each tensor in which file it is")
    return weight_map


def _tensors(path: Path) -> Iterator[tuple[str, TensorSpec, Reader]]:
    if path.suffix != ".bin":
        for name, stored in read_specs(path).items():
            yield name, stored, stored.read
        return
    for name, value in _unpickle(path).items():
        if not isinstance(value, torch.Tensor):
            raise ValueError(f"{path} holds {name}, a {type(value).__name__}, not a tensor")
        yield name, TensorSpec(tuple(value.shape), value.dtype), partial(_read_pickled, path, name)


def _read_pickled(path: Path, name: str) -> torch.Tensor:
    return _unpickle(path)[name]


@lru_cache(maxsize=1)
def _unpickle(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; download the checkpoint again")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{path} cannot be read as weights only ({reason})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds a {type(content).__name__}, not tensors by name")
    return content
