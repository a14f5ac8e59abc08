"""``samples-<task>.jsonl``: predictions, written as they come, so that an evaluation that was killed goes on.

The file only grows, but for a line that a kill cut off. Every line carries the key of what it was made from,
``model-settings-row``: one that fits is not computed again, and one of another model, setting or page means that the
folder is another evaluation's and is refused.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.jsonl import append_json_lines, json_line, read_json_lines

from .confidence import Piece

logger = logging.getLogger(__name__)


class Record(TypedDict):
    """One line: what was predicted for a row, and how good it is."""

    id: str
    prediction: str
    references: list[str]
    score: float
    tokens: int  # visual tokens that the language model saw
    group: str  # samples of a group are averaged first; empty where a task has no groups
    unit: str  # samples of a unit are joined into one score; the id where a task has no units
    key: str  # hashes of model, settings and row with dashes between them, see fingerprint
    confidence: NotRequired[Sequence[Piece]]  # pieces of the prediction and how sure the model was of each


def samples_file(folder: Path, task: str) -> Path:
    """Where the predictions of a task are."""
    return folder / f"samples-{task}.jsonl"


def stored_records(path: Path, run: str) -> dict[str, Record]:
    """Read the records of an evaluation that goes on, and mend the line that a kill cut off.

    Args:
        path: the file, which need not exist.
        run: model and settings, the beginning of all its keys.

    Returns:
        Row id → record.

    Raises:
        FileExistsError: the file holds answers with other settings, or its folder another model's or backend's.
    """
    for sibling in sorted(path.parent.glob("samples-*.jsonl")):
        for record in read_records(sibling)[:1]:
            if _model(record["key"]) != _model(run):
                raise FileExistsError(f"{sibling} holds answers of another model or backend; choose another folder")
    records = read_records(path)
    if any(record["key"].rpartition("-")[0] != run for record in records):
        raise FileExistsError(f"{path} holds answers with other settings; choose another folder")
    kept = "".join(map(json_line, records))
    if path.exists() and kept.encode() != path.read_bytes():
        logger.warning("%s: kept %d predictions, dropped a line that was cut off", path, len(records))
        atomic_write(path, kept)
    return {record["id"]: record for record in records}


def reusable_records(path: Path, stored: Mapping[str, Record], keys: Mapping[str, str]) -> dict[str, Record]:
    """The stored records of some rows.

    Args:
        path: where they are stored.
        stored: what ``stored_records`` read there.
        keys: row id → key of its record.

    Raises:
        FileExistsError: a record was made of another page or question.
    """
    found = {name: stored[name] for name in keys if name in stored}
    for name, record in found.items():
        if record["key"] != keys[name]:
            raise FileExistsError(f"{path} holds answers to other pages (row {name}); choose another folder")
    return found


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append one line per record; the file is made if need be."""
    append_json_lines(path, records)


def read_records(path: Path) -> list[Record]:
    """The records of a file, in their order, without a line that was cut off; none if it does not exist."""
    records: list[Any] = read_json_lines(path)
    return [record | {"key": record.get("key", "")} for record in records]  # without keys it fits nothing


def _model(key: str) -> str:
    """The part of a key that stands for the model."""
    return key.partition("-")[0]
