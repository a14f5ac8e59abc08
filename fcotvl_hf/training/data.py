"""The OCR mix as rows to train on, each page drawn when it is asked for."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from datasets import Dataset

from fcotvl_hf.dataset_builders.ocr_mix.mix import sample_at


def ocr_pages(tasks: Sequence[str], size: int, seed: int) -> Dataset:
    """A data set of indices that turn into rows; an index gives the same page whenever it is asked for.

    Args:
        tasks: names in ``ocr_mix.mix.TASKS``, used in turn.
        size: how many rows there are.
        seed: the first seed; rows use ``seed`` … ``seed + size - 1``.

    Raises:
        ValueError: a task is unknown, or there would be no rows.
    """
    if size < 1 or not tasks:
        raise ValueError(f"no rows to train on: ocr_size is {size} and ocr_tasks is {list(tasks)}")
    for index in range(len(tasks)):  # an unknown task shows here, not later in a worker process
        sample_at(index, tasks, seed)
    draw = partial(_draw, tasks=tuple(tasks), seed=seed)
    return Dataset.from_dict({"index": range(size)}).with_transform(draw)


def _draw(batch: dict[str, list[int]], tasks: tuple[str, ...], seed: int) -> dict[str, list[Any]]:
    rows = [sample_at(index, tasks, seed).row() for index in batch["index"]]
    return {column: [row[column] for row in rows] for column in rows[0]}
