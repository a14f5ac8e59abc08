"""The program-made problems, by task; a new one is a file with ``sample(seed)`` and an entry here."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ..parts import Drawn, Part
from . import chart, geometry, receipt, science, table
from .problem import Problem

TASKS: dict[str, Callable[[int], Problem]] = {
    "chart": chart.sample,
    "table": table.sample,
    "geometry": geometry.sample,
    "receipt": receipt.sample,
    "science": science.sample,
}
"""Task name → pure function from a seed to a problem."""

SPLIT = "train"


def problem_at(task: str, seed: int, number: int) -> Problem:
    """Problem ``number`` of a task's endless sequence for ``seed``; sequences of other seeds share none of it.

    Args:
        task: a key of ``TASKS``.
        seed: of the data set.
        number: from 0.
    """
    return TASKS[task](seed * 1_000_000_007 + number)


def share_out(size: int) -> dict[str, int]:
    """How many of ``size`` problems each task gets: as evenly as it goes, the first ones one more."""
    return {task: size // len(TASKS) + (number < size % len(TASKS)) for number, task in enumerate(TASKS)}


def program_parts(size: int, seed: int) -> list[Part]:
    """The splits of a data set with program-made chains.

    Args:
        size: rows in all.
        seed: of all of them.
    """
    return [
        Part(task, SPLIT, share, Drawn(partial(_row, task, seed))) for task, share in share_out(size).items() if share
    ]


def _row(task: str, seed: int, number: int) -> dict[str, Any]:
    return problem_at(task, seed, number).sample().row()
