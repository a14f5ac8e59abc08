"""Checkpoints tensor by tensor: what is in them without loading it, and writing one of any size in a small memory.

safetensors' own ``save_file`` wants a whole shard in memory. Here names, shapes and types are known first; the header
is written first and every tensor follows as soon as it exists. Format: https://github.com/huggingface/safetensors.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open

from .atomic import atomic_write

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""safetensors' names of types → torch's."""
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


@dataclass(frozen=True)
class TensorSpec:
    """A tensor without its values.

    Args:
        shape: its sizes.
        dtype: its type.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """What its values take on disk."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class StoredTensor(TensorSpec):
    """A tensor in a safetensors file.

    Args:
        path: the file.
        start: where in the file its values begin, in bytes.
    """

    path: Path
    start: int

    def read(self) -> torch.Tensor:
        """Its values, of shape ``shape``, copied into memory of their own: neither the file nor a map of it stays open.

        Raises:
            OSError: the file has vanished or become shorter.
        """
        tensor = torch.empty(self.shape, dtype=self.dtype)
        with self.path.open("rb") as file:
            file.seek(self.start)
            if file.readinto(tensor.flatten().view(torch.uint8).numpy().data) < self.bytes:
                raise OSError(f"{self.path} has become shorter since it was opened")
        return tensor


def read_specs(path: Path) -> dict[str, StoredTensor]:
    """Names, shapes, types and places of a safetensors file's tensors, in the file's order.

    This is the only time that the file's header is read; ``read`` of a tensor goes to its values at once.

    Args:
        path: the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut short, no safetensors file, or has a tensor of a type that torch lacks.
    """
    entries, first = _read_header(path)
    specs = {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"]):
        if entry["dtype"] not in DTYPES:
            raise ValueError(f"{path} holds {name} as {entry['dtype']}; only {', '.join(DTYPES)} are supported")
        start = first + entry["data_offsets"][0]
        specs[name] = StoredTensor(tuple(entry["shape"]), DTYPES[entry["dtype"]], path, start)
    return specs


def write_checkpoint(
    folder: Path,
    specs: Mapping[str, TensorSpec],
    tensors: Iterable[tuple[str, torch.Tensor]],
    max_shard_bytes: int = 5_000_000_000,
) -> None:
    """Write a checkpoint that ``from_pretrained`` reads: one file, or shards and their index.

    Args:
        folder: where to write; give ``atomic_folder``'s, for nothing is renamed here.
        specs: what will come; each tensor's type is turned into the one named here.
        tensors: the tensors in the order of ``specs``.
        max_shard_bytes: start a new file rather than exceed this.

    Raises:
        ValueError: a tensor comes out of order, in another shape, unannounced, or not at all.
        OSError: the disk is full.
    """
    shards = _split(specs, max_shard_bytes)
    names = [WEIGHTS] if len(shards) == 1 else [_shard_name(i, len(shards)) for i in range(len(shards))]
    stream = iter(tensors)
    for name, shard in zip(names, shards, strict=True):
        with (folder / name).open("wb") as file:
            _write_header(file, shard)
            for key, spec in shard.items():
                _write_tensor(file, key, spec, next(stream, ("nothing", torch.empty(0))))
    if (extra := next(stream, None)) is not None:
        raise ValueError(f"{extra[0]} was not announced")
    if len(shards) > 1:
        weight_map = {key: name for name, shard in zip(names, shards, strict=True) for key in shard}
        metadata = {
            "total_parameters": sum(prod(spec.shape) for spec in specs.values()),
            "total_size": sum(spec.bytes for spec in specs.values()),
        }
        atomic_write(folder / INDEX, json.dumps({"metadata": metadata, "weight_map": weight_map}, indent=2) + "\n")


def _split(specs: Mapping[str, TensorSpec], max_shard_bytes: int) -> list[dict[str, TensorSpec]]:
    """Cut into runs of at most ``max_shard_bytes``; a tensor larger than that has a file of its own."""
    shards: list[dict[str, TensorSpec]] = [{}]
    size = 0
    for name, spec in specs.items():
        if shards[-1] and size + spec.bytes > max_shard_bytes:
            shards.append({})
            size = 0
        shards[-1][name] = spec
        size += spec.bytes
    return shards


def _shard_name(index: int, count: int) -> str:
    return f"model-{index + 1:05d}-of-{count:05d}.safetensors"


def _write_header(file: BinaryIO, specs: Mapping[str, TensorSpec]) -> None:
    """Eight bytes of length and JSON, padded with spaces to whole eights."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, spec in specs.items():
        offsets = [start, start + spec.bytes]
        header[name] = {"dtype": _NAMES[spec.dtype], "shape": list(spec.shape), "data_offsets": offsets}
        start += spec.bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)


def _write_tensor(file: BinaryIO, key: str, spec: TensorSpec, arrived: tuple[str, torch.Tensor]) -> None:
    name, tensor = arrived
    if name != key or tuple(tensor.shape) != spec.shape:
        raise ValueError(f"expected {key} of shape {list(spec.shape)}, got {name} of shape {list(tensor.shape)}")
    values = tensor.to(spec.dtype).contiguous().flatten().view(torch.uint8)
    file.write(values.numpy().data)


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """A file's entry for each tensor, and where the values begin; safetensors itself checks them first."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; download the checkpoint again")
    try:
        with safe_open(path, framework="pt"):
            pass
    except SafetensorError as error:
        raise ValueError(f"{path} is cut short or no safetensors file ({error}); download it again") from None
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entries = json.loads(file.read(length))
    entries.pop("__metadata__", None)
    return entries, 8 + length
