"""The OCR mix as rows to train on, each page drawn when it is asked for."""

from collections import Counter
from collections.abc import Sequence, Sized
from functools import partial
from typing import Any

from datasets import Dataset

from fcotvl_hf.dataset_builders.cot_mix import small_chart
from fcotvl_hf.dataset_builders.ocr_mix import mix
from fcotvl_hf.dataset_builders.rows import Sample

DRAWN = {**mix.TASKS, **small_chart.TASKS}
"""Task → pure function from (seed, domain) to a sample: what is drawn on the fly."""


def ocr_pages(tasks: Sequence[str], size: int, seed: int, run_length: int = 1) -> Dataset:
    """A data set of indices that turn into rows; an index gives the same page whenever it is asked for.

    Args:
        tasks: names in ``DRAWN``, used in turn.
        size: how many rows there are.
        seed: the first seed; rows use ``seed`` … ``seed + size - 1``.
        run_length: how many consecutive rows are of one task. Answers of one task are about as long, so batches of
            this size, read in order, hold little padding.

    Raises:
        ValueError: a task is unknown, or there would be no rows.
    """
    if size < 1 or run_length < 1 or not tasks:
        raise ValueError(f"no rows to train on: size {size}, run length {run_length}, tasks {list(tasks)}")
    draw = partial(_draw, tasks=tuple(tasks), seed=seed, run_length=run_length)
    sources = [_sample(0, task, seed).row()["source"] for task in tasks]  # an unknown task shows here
    columns = {"index": range(size), "source": [sources[index // run_length % len(tasks)] for index in range(size)]}
    return Dataset.from_dict(columns).with_transform(draw)


def sources_of(rows: Any) -> list[str] | None:
    """The data set that each row came from, without reading the rows themselves.

    Args:
        rows: a map-style or streamed data set.

    Returns:
        The column ``source``; ``None`` where there is none that can be read at once.
    """
    if not isinstance(rows, Dataset) or "source" not in rows.column_names:
        return None
    return list(rows.with_format(None).select_columns("source")["source"])


def describe_rows(rows: Any) -> str:
    """How many rows of which sources, in words.

    Args:
        rows: a map-style or streamed data set.
    """
    sources = sources_of(rows)
    if sources is None:
        return f"{len(rows)} rows" if isinstance(rows, Sized) else "a stream of rows"
    return ", ".join(f"{count} rows of {source}" for source, count in sorted(Counter(sources).items()))


def _draw(batch: dict[str, list[int]], tasks: tuple[str, ...], seed: int, run_length: int) -> dict[str, list[Any]]:
    rows = [_sample(index, tasks[index // run_length % len(tasks)], seed).row() for index in batch["index"]]
    return {column: [row[column] for row in rows] for column in rows[0]}


def _sample(index: int, task: str, seed: int) -> Sample:
    return mix.sample_at(index, [task], seed, samplers=DRAWN)
