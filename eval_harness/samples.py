"""``samples-<task>.jsonl``: predictions, written as they come, so that an evaluation that was killed goes on.

The file only grows, but for a line that a kill cut off. Every line carries the key of what it was made from,
``model-settings-row``: one that fits is not computed again, and one of another model, setting or page means that the
folder is another evaluation's and is refused.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from fcotvl_hf.io.atomic import atomic_write

logger = logging.getLogger(__name__)


class Record(TypedDict):
    """One line: what was predicted for a row, and how good it is."""

    id: str
    prediction: str
    references: list[str]
    score: float
    tokens: int  # visual tokens that the language model saw
    key: str  # hashes of model, settings and row with dashes between them, see fingerprint


def reusable_records(path: Path, keys: Mapping[str, str]) -> dict[str, Record]:
    """Read the records of an evaluation that goes on, and mend the line that a kill cut off.

    Args:
        path: the file, which need not exist.
        keys: row id → key of its record; they share model and settings.

    Returns:
        Row id → record, of the rows that have one. Records of further rows stay in the file.

    Raises:
        FileExistsError: the file holds answers with other settings or about other pages, or its folder another
            model's to any task.
    """
    run = _run(next(iter(keys.values())))
    for sibling in sorted(path.parent.glob("samples-*.jsonl")):
        for record in _read(sibling)[:1]:
            if _model(record["key"]) != _model(run):
                raise FileExistsError(f"{sibling} holds answers of another model; choose another folder")
    records = _read(path)
    for record in records:
        if record["key"] != keys.get(record["id"], record["key"]) or _run(record["key"]) != run:
            raise FileExistsError(f"{path} holds answers with other settings or to other pages; choose another folder")
    kept = "".join(map(_line, records))
    if path.exists() and kept.encode() != path.read_bytes():
        logger.warning("%s: kept %d predictions, dropped a line that was cut off", path, len(records))
        atomic_write(path, kept)
    return {record["id"]: record for record in records if record["id"] in keys}


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append one line per record; the file is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(map(_line, records)))


def _model(key: str) -> str:
    """The part of a key that stands for the model."""
    return key.partition("-")[0]


def _run(key: str) -> str:
    """The part of a key that stands for model and settings."""
    return key.rpartition("-")[0]


def _read(path: Path) -> list[Record]:
    """The records of a file, in their order; none if it does not exist."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return [record for line in lines if (record := _parse(line))]


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _parse(line: str) -> Record | None:
    try:
        record: Record = json.loads(line)
    except json.JSONDecodeError:
        return None
    record.setdefault("key", "")  # a file of somebody else's, which fits nothing
    return record
