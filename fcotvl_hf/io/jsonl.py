"""JSON lines that only grow: a kill leaves at most one line cut off, which reading skips and writing seals."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def json_line(record: Mapping[str, Any]) -> str:
    """A record as one line, with its line end."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a file in their order, without lines that were cut off; none if there is no file."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def append_json_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Append records; the file and its folder are made if need be, and a line that was cut off gets its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        sealed = not size or file.read(1) == b"\n"
        file.write(("" if sealed else "\n").encode() + "".join(map(json_line, records)).encode())
