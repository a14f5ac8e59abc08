"""Whether checkpoints belong together: the same tensors, the same model, the same tokenizer and processor.

A merge of two that do not is written without complaint by most tools and answers nonsense. Whatever differs is named.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import torch

from fcotvl_hf.io.json_object import read_json

from .sources import Source

SETTINGS = (
    "config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "chat_template.jinja",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
)
"""Files that say what the numbers mean; compared where both folders have them."""

_MAY_DIFFER = {
    "_name_or_path",
    "architectures",
    "dtype",
    "is_local",
    "local_files_only",
    "max_length",
    "model_max_length",
    "name_or_path",
    "padding",
    "padding_side",
    "torch_dtype",
    "transformers_version",
    "truncation",
    "truncation_side",
    "use_cache",
}
"""Keys, at any depth, that training changes without changing the model."""

_LACKED = {"compressor_position": "before_projector"}
"""Keys that folders of earlier versions lack, and what that means."""

_SHARED_KEYS_ONLY = ("tokenizer_config.json", "special_tokens_map.json")
"""Files to which loading and saving adds keys; ``tokenizer.json`` and ``tokenizer.model`` decide."""

_SHOWN = 3


def check_settings(folders: Sequence[Path]) -> None:
    """Refuse folders whose configuration, tokenizer or processor differ.

    Args:
        folders: model folders; each is compared with the last.

    Raises:
        ValueError: they differ; up to three differences are named.
    """
    last = folders[-1]
    for folder in folders[:-1]:
        found: list[str] = []
        for name in SETTINGS:
            if (folder / name).is_file() and (last / name).is_file():
                found += _differences(folder / name, last / name)
        if found:
            raise ValueError(
                f"{folder} and {last} do not belong together: {_some(found, '; ')}; merge checkpoints of one run"
            )


def check_tensors(sources: Sequence[Source]) -> list[str]:
    """Refuse checkpoints with other tensors, and tensors that cannot be averaged unless they are equal.

    A tensor that only some checkpoints store is left out where it is a copy of another one: a tied head that was
    written twice.

    Args:
        sources: each is compared with the last.

    Returns:
        Names of the merge's tensors, in the last source's order.

    Raises:
        ValueError: names, shapes or kinds differ, integers differ, or weights are quantised.
    """
    last = sources[-1]
    shared = set(last.specs).intersection(*(source.specs for source in sources))
    for source in sources:
        if extra := [name for name in source.specs if name not in shared and not _is_copy(source, name, shared)]:
            lacking = next(other for other in sources if extra[0] not in other.specs)
            raise ValueError(
                f"{source.folder} and {lacking.folder} hold different tensors: the first has {_some(extra)}, the "
                "second has not; merge checkpoints of one model"
            )
    for source in sources:
        for name in shared:
            _check_tensor(name, source, last)
    return [name for name in last.specs if name in shared]


def _check_tensor(name: str, source: Source, last: Source) -> None:
    spec, expected = source.specs[name], last.specs[name]
    if spec.shape != expected.shape:
        raise ValueError(
            f"{name} is {list(spec.shape)} in {source.folder} and {list(expected.shape)} in {last.folder}; merge "
            "checkpoints of one model"
        )
    if spec.dtype.is_floating_point and spec.dtype.itemsize == 1:
        raise ValueError(f"{name} of {source.folder} is quantised ({spec.dtype}); merge the unquantised checkpoints")
    if spec.dtype.is_floating_point != expected.dtype.is_floating_point:
        raise ValueError(f"{name} is {spec.dtype} in {source.folder} and {expected.dtype} in {last.folder}")
    if not spec.dtype.is_floating_point and not torch.equal(_whole(source, name), _whole(last, name)):
        raise ValueError(
            f"{name} holds integers ({spec.dtype}) that differ in {source.folder} and {last.folder}; they cannot be "
            "averaged (of quantised weights, merge the unquantised checkpoints)"
        )


def _is_copy(source: Source, name: str, among: set[str]) -> bool:
    alike = [other for other in among if source.specs[other] == source.specs[name]]
    values = _whole(source, name) if alike else torch.empty(0)
    return any(torch.equal(values, _whole(source, other)) for other in alike)


def _whole(source: Source, name: str) -> torch.Tensor:
    return source.read(name, 0, prod(source.specs[name].shape))


def _differences(file: Path, last: Path) -> list[str]:
    if file.suffix != ".json":
        same = sha256(file.read_bytes()).digest() == sha256(last.read_bytes()).digest()
        return [] if same else [f"{file.name} differs"]
    left, right = read_json(file), read_json(last)
    if file.name in _SHARED_KEYS_ONLY:
        left, right = ({key: value[key] for key in left.keys() & right.keys()} for value in (left, right))
    return [f"{file.name} {line}" for line in _unequal(left, right)]


def _unequal(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """``key is A here and B there`` for each leaf that differs."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in sorted({*left, *right} - _MAY_DIFFER):
            meant = _LACKED.get(key)
            yield from _unequal(left.get(key, meant), right.get(key, meant), f"{path}.{key}" if path else str(key))
    elif left != right:
        yield f"{path}: {_short(left)} and {_short(right)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _some(items: Sequence[str], separator: str = ", ") -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return separator.join(items[:_SHOWN]) + more
