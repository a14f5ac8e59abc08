"""The OCR mix as rows to train on, each page drawn when it is asked for."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from datasets import Dataset

from fcotvl_hf.dataset_builders.ocr_mix.mix import sample_at


def ocr_pages(tasks: Sequence[str], size: int, seed: int, run_length: int = 1) -> Dataset:
    """A data set of indices that turn into rows; an index gives the same page whenever it is asked for.

    Args:
        tasks: names in ``ocr_mix.mix.TASKS``, used in turn.
        size: how many rows there are.
        seed: the first seed; rows use ``seed`` … ``seed + size - 1``.
        run_length: how many consecutive rows are of one task. Answers of one task are about as long, so batches of
            this size, read in order, hold little padding.

    Raises:
        ValueError: a task is unknown, or there would be no rows.
    """
    if size < 1 or run_length < 1 or not tasks:
        raise ValueError(f"no rows to train on: size {size}, run length {run_length}, tasks {list(tasks)}")
    for task in tasks:  # an unknown one shows here, not later in a worker process
        sample_at(0, [task], seed)
    draw = partial(_draw, tasks=tuple(tasks), seed=seed, run_length=run_length)
    return Dataset.from_dict({"index": range(size)}).with_transform(draw)


def _draw(batch: dict[str, list[int]], tasks: tuple[str, ...], seed: int, run_length: int) -> dict[str, list[Any]]:
    rows = [sample_at(index, [tasks[index // run_length % len(tasks)]], seed).row() for index in batch["index"]]
    return {column: [row[column] for row in rows] for column in rows[0]}
