"""``samples-<task>.jsonl``: predictions, written as they come, so that an evaluation that was killed goes on.

Every line carries the key of what it was made from. A line whose key still fits is not computed again; a line of
another model, page or setting, or cut off by a kill, is dropped.
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
    key: str  # hash of the row and of the settings, see fingerprint.row_key


def reusable_records(path: Path, keys: Mapping[str, str]) -> dict[str, Record]:
    """Read the records that still fit and drop every other line from the file.

    Args:
        path: the file, which need not exist.
        keys: row id → key that a record must have.

    Returns:
        Row id → record.
    """
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    parsed = filter(None, map(_parse, lines))
    records = {record["id"]: record for record in parsed if record.get("key") == keys.get(record["id"], "")}
    kept = "".join(_line(record) for record in records.values())
    if kept != "\n".join(lines):
        logger.warning("%s: kept %d predictions, dropped what is stale or incomplete", path, len(records))
        atomic_write(path, kept)
    return records


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append one line per record; the file is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(map(_line, records)))


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


def _parse(line: str) -> Record | None:
    try:
        record: Record = json.loads(line)
    except json.JSONDecodeError:
        return None
    return record
