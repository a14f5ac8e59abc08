"""Dropping rows that look or read like the evaluation's test data, and reporting each of them."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.images import load_image
from fcotvl_hf.io.jsonl import json_line

from ..parts import Dropped, Part, Row, RowMaker
from .benchmark_data import BenchmarkData, hash_tasks, open_benchmark_data

logger = logging.getLogger(__name__)

MOST_BITS = 20
"""Of 256. Scaled and recompressed copies differ in fewer, most other pages in more; docs/data-cot.md has figures."""

_ROLES = ("user", "assistant")


@dataclass(frozen=True)
class Match:
    """A row that is like a test row.

    Args:
        row: its id.
        like: ``task/id`` of the test row.
        by: ``image`` or ``text``.
        bits: in how many of 256 bits the pictures' hashes differ; 0 for texts.
    """

    row: str
    like: str
    by: str
    bits: int = 0


def find_match(row: Row, benchmarks: BenchmarkData, most_bits: int = MOST_BITS) -> Match | None:
    """The test row that a row is like.

    Args:
        row: a row whose images are open pictures or files' bytes.
        benchmarks: hashes of test rows.
        most_bits: in how many of 256 bits hashes of like pictures may differ.
    """
    for image in row["images"]:
        near = benchmarks.near_image(load_image(image), most_bits)
        if near:
            return Match(row["id"], near[0], "image", near[1])
    questions, answers = ([_text(message) for message in row["messages"] if message["role"] == role] for role in _ROLES)
    asked = json.loads(row["meta"]).get("question")  # without the wording that asks for a chain
    for question, answer in zip([asked, *questions[1:]] if asked else questions, answers, strict=False):
        for said in dict.fromkeys((answer, answer.rpartition("Answer:")[2])):
            like = benchmarks.shared_text(question, said)
            if like:
                return Match(row["id"], like, "text")
    return None


@dataclass(frozen=True)
class Decontaminated:
    """The ``RowMaker`` of another one's rows that are not like test rows.

    Args:
        rows: makes the rows.
        benchmarks: file of a ``BenchmarkData``.
        reports: folder for one JSONL file of matches per range of indices that has any.
        name: begins the files' names.
        most_bits: see ``find_match``.
    """

    rows: RowMaker
    benchmarks: Path
    reports: Path
    name: str
    most_bits: int = field(default=MOST_BITS)

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        benchmarks, matches = open_benchmark_data(self.benchmarks), list[Match]()
        for row in self.rows(indices):
            match = None if isinstance(row, Dropped) else find_match(row, benchmarks, self.most_bits)
            if match:
                matches.append(match)
                yield Dropped(f"{match.by} of {match.like.partition('/')[0]}'s test data")
            else:
                yield row
        if matches:
            self.reports.mkdir(parents=True, exist_ok=True)
            lines = "".join(json_line(asdict(match)) for match in matches)
            atomic_write(self.reports / f"{self.name}-{indices.start:09d}.jsonl", lines)


@dataclass(frozen=True)
class KeptOut:
    """What must not be trained on.

    Args:
        tasks: evaluation tasks whose test data it is.
        root: folder with that data; the Hub if ``None``.
    """

    tasks: Sequence[str] = ()
    root: Path | None = None

    def settings(self) -> dict[str, str]:
        """What rows depend on."""
        return {"decontaminated": ", ".join(self.tasks)} if self.tasks else {}


def keep_out(parts: Sequence[Part], kept_out: KeptOut, work: Path) -> list[Part]:
    """Parts without rows that are like test data, which is hashed once.

    Args:
        parts: of a data set.
        kept_out: what to keep out.
        work: folder for the hashes and the reports.

    Raises:
        OSError: the test data cannot be had.
    """
    if not kept_out.tasks:
        return list(parts)
    name = hashlib.sha256(repr((sorted(kept_out.tasks), kept_out.root)).encode()).hexdigest()[:12]
    benchmarks = work / f"benchmarks-{name}.npz"
    if not benchmarks.is_file():
        data = hash_tasks(kept_out.tasks, kept_out.root)
        logger.info("%d test rows with %d pictures to keep out", len(data.names), len(data.images))
        work.mkdir(parents=True, exist_ok=True)
        data.save(benchmarks)
    return [replace(part, rows=Decontaminated(part.rows, benchmarks, work / "matches", part.config)) for part in parts]


def _text(message: dict[str, object]) -> str:
    blocks: list[dict[str, str]] = message["content"]  # type: ignore[assignment]
    return " ".join(block["text"] for block in blocks if block["text"])
