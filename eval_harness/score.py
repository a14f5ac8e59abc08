"""``fcotvl score``: ready-made rows, one JSON object a line, to a line with a score each; no row is kept in memory."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from .metrics.catalogue import evaluate_row


def score(path: Path) -> None:
    """Write the scores of a file's rows to stdout, in order.

    Args:
        path: rows ``{"metric": …, "inputs": {…}}``; further keys are ignored, and so are blank lines. ``-`` is stdin.

    Raises:
        ValueError: a row is broken; the message names file and line, and all lines before have been written.
        OSError: there is no such file, or a metric needs packages that are not installed.
    """
    standard = str(path) == "-"
    if not standard and not path.is_file():
        raise FileNotFoundError(f"no file at {path}; give a JSONL file, or - for stdin")
    with nullcontext(sys.stdin.buffer) if standard else path.open("rb") as lines:
        try:
            for result in score_lines(lines, "stdin" if standard else str(path)):
                sys.stdout.write(json.dumps(result, default=str) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def score_lines(lines: Iterable[bytes], name: str) -> Iterator[dict[str, Any]]:
    """Compute rows one by one.

    Args:
        lines: JSON objects with ``metric`` and ``inputs``, UTF-8.
        name: what errors call the source.

    Yields:
        ``score`` and/or ``output`` of each row.

    Raises:
        ValueError: a row is broken.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _score_row(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{name}, line {number}: {error}") from error


def _score_row(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or not isinstance(row.get("inputs"), dict):
        raise ValueError('a row is an object {"metric": …, "inputs": {…}}')
    return evaluate_row(row.get("metric", ""), row["inputs"])
