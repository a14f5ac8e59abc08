"""A public set's rows in our columns, streamed: nothing is downloaded but what is read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from datasets import IterableDataset, load_dataset
from huggingface_hub import HfApi

from fcotvl_hf.io.images import load_image

from ..parts import Dropped, Row
from .catalogue import Columns, find_set

_ODD = "dialogue not in the form of its card"


def resolve_revision(name: str, revision: str | None = None) -> str:
    """The commit of a set that will be read, so that a resumed build goes on with the same rows.

    Args:
        name: in ``SETS``.
        revision: branch, tag or commit; the newest if ``None``.

    Raises:
        OSError: the Hub cannot be reached, or has no such set or revision.
    """
    if revision and re.fullmatch("[0-9a-f]{40}", revision):
        return revision
    return str(HfApi().dataset_info(find_set(name).id, revision=revision).sha)


def stream(name: str, revision: str | None, data_root: Path | None = None) -> IterableDataset:
    """Open a set; pictures stay as they are stored.

    Args:
        name: in ``SETS``.
        revision: of the set.
        data_root: a folder with copies of repositories, such as ``DIR/Teklia/IAM-line``; the Hub if ``None``.

    Raises:
        OSError: it cannot be opened.
        ValueError: it has not the columns that its card told.
    """
    chosen = find_set(name)
    path, revision = (str(data_root / chosen.id), None) if data_root else (chosen.id, revision)
    data = load_dataset(path, chosen.config, split=chosen.split, revision=revision, streaming=True)
    missing = set(chosen.columns) - set(data.column_names or chosen.columns)
    if missing:
        raise ValueError(
            f"{chosen.id} has no column {', '.join(sorted(missing))}; it has {', '.join(data.column_names)}"
        )
    return data.select_columns(list(chosen.columns)).decode(False)


@dataclass
class Streamed:
    """The ``RowMaker`` of a public set. Shards that are asked for in order are read in one go.

    Args:
        name: in ``SETS``.
        revision: of the set.
        data_root: see ``stream``.
    """

    name: str
    revision: str | None
    data_root: Path | None = None
    _open: Iterator[Columns] | None = field(default=None, repr=False, compare=False)
    _next: int = field(default=0, repr=False, compare=False)

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        if self._open is None or self._next != indices.start:
            self._open = iter(stream(self.name, self.revision, self.data_root).skip(indices.start))
        self._next = indices.stop
        for number, columns in zip(indices, islice(self._open, len(indices)), strict=False):
            yield to_row(self.name, self.revision, columns, number)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_open": None, "_next": 0}


def to_row(name: str, revision: str | None, columns: Columns, number: int) -> Row | Dropped:
    """One row of a set in our columns.

    Args:
        name: in ``SETS``.
        revision: of the set, for ``meta``.
        columns: the row as the set has it, its pictures not decoded.
        number: of the row in its split.

    Returns:
        The row; what is missing if it cannot be used.
    """
    chosen = find_set(name)
    try:
        turns = chosen.turns(columns, number)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Dropped(_ODD)
    if not turns:
        return Dropped("no answer")
    if not all(isinstance(text, str) for turn in turns for text in turn):
        return Dropped(_ODD)
    pictures = columns[chosen.pictures]
    files = [picture["bytes"] for picture in (pictures if isinstance(pictures, list) else [pictures]) if picture]
    if not files:
        return Dropped("no picture")
    try:
        for file in files:
            load_image(file)
    except (TypeError, ValueError):
        return Dropped("picture cannot be read")
    meta = {"set": chosen.id, "config": chosen.config, "split": chosen.split, "revision": revision, "number": number}
    return {
        "id": f"{name}-{number}",
        "images": files,
        "messages": _messages(turns, len(files)),
        "source": chosen.id,
        "task": chosen.task,
        "meta": json.dumps({**meta, "licence": chosen.licence}, sort_keys=True),
    }


def _messages(turns: Any, pictures: int) -> list[dict[str, Any]]:
    messages = []
    for number, (question, answer) in enumerate(turns):
        shown = [{"type": "image", "text": None}] * pictures if number == 0 else []
        messages.append({"role": "user", "content": [*shown, {"type": "text", "text": question}]})
        messages.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    return messages
