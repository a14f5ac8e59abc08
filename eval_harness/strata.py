"""From samples to a task's score: samples joined into units, units averaged in groups, groups averaged.

Most tasks have neither; then the score is the mean of the samples. OCRBench v2 and ChartQA average categories of
unequal size alike, and MME scores the two questions about an image together.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .samples import Record

Floats: TypeAlias = npt.NDArray[np.float64]
Strata: TypeAlias = Mapping[str, Floats]
"""Group → score of each of its units."""


def strata(records: Iterable[Record], join: Callable[[Sequence[float]], float]) -> dict[str, Floats]:
    """Sort the scores of samples into groups.

    Args:
        records: samples of one task.
        join: score of a unit from the scores of its samples.

    Returns:
        Groups and units in the order in which they come first.
    """
    units: dict[str, dict[str, list[float]]] = {}
    for record in records:
        units.setdefault(record["group"], {}).setdefault(record["unit"], []).append(record["score"])
    return {group: np.array([join(scores) for scores in members.values()]) for group, members in units.items()}


def mean(groups: Strata) -> float:
    """Plain mean of the groups' means."""
    return float(np.mean([scores.mean() for scores in groups.values()]))


def standard_error(groups: Strata) -> float:
    """Standard error of ``mean``; a group of a single unit adds nothing to it.

    √(Σ s²/n) / number of groups, with s² the variance of the n units of a group: groups are fixed, units are drawn.
    """
    variances = [scores.var(ddof=1) / len(scores) for scores in groups.values() if len(scores) > 1]
    return math.sqrt(sum(variances)) / len(groups)
