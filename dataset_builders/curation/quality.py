"""A page that shows what is in a finished data set: counts, lengths in tokens, tiles, yields, and samples."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import Any

from PIL import Image
from pyarrow import parquet

from fcotvl_hf.cost.tokens import tiling_of
from fcotvl_hf.eval_harness.html import Cell, Line, page_environment
from fcotvl_hf.eval_harness.plots import Chart, as_chart, finish, new_figure
from fcotvl_hf.eval_harness.report import Example
from fcotvl_hf.io.atomic import atomic_write

from ..facts import Facts
from ..shards import read_facts

REPORT = "quality.html"
_SAMPLES = 4
"""Samples shown of each configuration."""
_WIDEST = 640
"""Pictures of samples are scaled down to this many pixels a side."""


@dataclass(frozen=True)
class TokenCounter:
    """Tells the length of texts in tokens.

    Args:
        model: whose tokens they are.
        count: text → tokens.
    """

    model: str
    count: Callable[[str], int]


@dataclass
class Quality:
    """Figures of a configuration.

    Args:
        question_tokens: length of each question in tokens.
        answer_tokens: length of each answer in tokens.
        tiles: tiles of each row's pictures, as InternVL2 cuts them with at most 12 and a thumbnail.
        tasks: rows per task.
        forms: rows per form of the answer, as ``meta`` tells.
        samples: pages with question and answer.
    """

    question_tokens: list[int] = field(default_factory=list)
    answer_tokens: list[int] = field(default_factory=list)
    tiles: list[int] = field(default_factory=list)
    tasks: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    samples: list[Example] = field(default_factory=list)


def write_quality_report(folder: Path, tokens: TokenCounter, seed: int = 0) -> Path:
    """Write ``quality.html`` into a data set's folder.

    Args:
        folder: what ``write_dataset`` wrote.
        tokens: counts them.
        seed: decides which samples are shown.

    Raises:
        FileNotFoundError: the folder has no shards.
    """
    configs = sorted({path.parent.name for path in folder.glob("*/*.parquet")})
    if not configs:
        raise FileNotFoundError(f"{folder} holds no data set")
    qualities = {config: measure(sorted((folder / config).glob("*.parquet")), tokens.count, seed) for config in configs}
    facts = {config: _facts(folder / config) for config in configs}
    page = (
        page_environment("fcotvl_hf.dataset_builders")
        .get_template("own/quality.html.j2")
        .render(
            title=folder.resolve().name,
            tokenizer=tokens.model,
            headings=_HEADINGS,
            lines=[_line(config, qualities[config], facts[config]) for config in configs],
            dropped=sum((each.dropped for each in facts.values()), Counter[str]()).most_common(),
            plots=_plots(qualities),
            samples={config: quality.samples for config, quality in qualities.items()},
        )
    )
    atomic_write(folder / REPORT, page)
    return folder / REPORT


def measure(shards: Sequence[Path], count_tokens: Callable[[str], int], seed: int = 0) -> Quality:
    """Read shards and count.

    Args:
        shards: Parquet files.
        count_tokens: length of a text in tokens.
        seed: decides which samples are kept.
    """
    quality, rng = Quality(), Random(seed)
    for seen, row in enumerate(_rows(shards), start=1):
        question, answer = (_text(row["messages"], role) for role in ("user", "assistant"))
        quality.question_tokens.append(count_tokens(question))
        quality.answer_tokens.append(count_tokens(answer))
        images = [Image.open(BytesIO(image["bytes"])) for image in row["images"]]
        quality.tiles.append(sum(tiling_of(*image.size).tiles for image in images))
        quality.tasks[row["task"]] += 1
        quality.forms[json.loads(row["meta"]).get("form", "answer")] += 1
        place = len(quality.samples) if seen <= _SAMPLES else rng.randrange(seen)  # reservoir sampling
        if place < _SAMPLES and images:
            page = images[0].convert("RGB")
            page.thumbnail((_WIDEST, _WIDEST))
            quality.samples[place : place + 1] = [Example(row["task"], page, question, answer, ())]
    return quality


def _rows(shards: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    for path in shards:
        for batch in parquet.ParquetFile(path).iter_batches(32, columns=["images", "messages", "task", "meta"]):
            yield from batch.to_pylist()


def _facts(folder: Path) -> Facts:
    return sum((facts for path in sorted(folder.glob("*.parquet")) if (facts := read_facts(path))), Facts())


_HEADINGS = (
    "rows",
    "dropped",
    "kept",
    "question tokens, median",
    "answer tokens, median",
    "longest answer",
    "tiles per row",
    "tasks",
    "forms",
)


def _line(config: str, quality: Quality, facts: Facts) -> Line:
    dropped = facts.dropped.total()
    kept = facts.rows / (facts.rows + dropped) if facts.rows else 0.0
    counts = (median(quality.question_tokens or [0]), median(quality.answer_tokens or [0]))
    tiles = sum(quality.tiles) / max(1, len(quality.tiles))
    cells = (
        *(Cell(str(count), count) for count in (facts.rows, dropped)),
        Cell(f"{kept:.1%}", kept, kept),
        *(Cell(str(count), count) for count in (*counts, max(quality.answer_tokens, default=0))),
        Cell(f"{tiles:.2f}", tiles),
        Cell(_counted(quality.tasks.most_common(8))),
        Cell(_counted(quality.forms.most_common())),
    )
    return Line(config, "config", cells)


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts)


def _plots(qualities: Mapping[str, Quality]) -> dict[str, Chart]:
    series = {
        "tokens of answers": {config: quality.answer_tokens for config, quality in qualities.items()},
        "tokens of questions": {config: quality.question_tokens for config, quality in qualities.items()},
        "tiles per row": {config: quality.tiles for config, quality in qualities.items()},
    }
    return {caption: _histogram(values, caption) for caption, values in series.items()}


def _histogram(values: Mapping[str, Sequence[int]], caption: str) -> Chart:
    """Stacked counts, one colour per configuration."""
    figure, axes = new_figure()
    axes.hist(list(values.values()), bins=24, stacked=True, label=list(values))
    axes.set(xlabel=caption, ylabel="rows")
    finish(axes, "upper right")
    means = (f"{name}: {fmean(counts):.1f} on average" for name, counts in values.items() if counts)
    return as_chart(figure, f"Histogram: {caption}", "; ".join(means))


def _text(messages: Sequence[Mapping[str, Any]], role: str) -> str:
    blocks = [block for message in messages if message["role"] == role for block in message["content"]]
    return "\n".join(block["text"] for block in blocks if block["text"])
