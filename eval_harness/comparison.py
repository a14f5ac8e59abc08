"""How much a reduced model keeps of its teacher, with intervals from a paired bootstrap.

Both models answered the same rows, so samples are drawn in pairs: a hard page is hard for both, and most of its
variance cancels. Draws are made within each task, because tasks weigh alike whatever their size, and within each group
of a task whose groups do.
Bootstrap: https://aclanthology.org/W04-3250.
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from .rows import Row
from .strata import Floats, Strata

Scores = Mapping[str, Strata | Floats | Sequence[float]]
"""Task → score of each of its samples, or group → score of each unit; two models' have the same order of rows."""


_DRAWN = 500
"""Bootstrap samples at a time, each with a number for every sample: memory does not grow with the draws."""


class Interval(NamedTuple):
    """A figure and the bounds that a bootstrap puts around it."""

    low: float
    high: float
    mean: float


def retention(model: Scores, teacher: Scores) -> float:
    """Mean over tasks of the model's score / the teacher's score.

    Args:
        model: the reduced model's scores.
        teacher: the teacher's scores.

    Raises:
        ValueError: tasks or numbers of samples differ, or the teacher scores 0 on a task.
    """
    own, teachers = _task_means(model, teacher)
    if not teachers.all():
        raise ValueError("the teacher scores 0 on a task: leave that task out, or evaluate it on more rows")
    return float((own / teachers).mean())


def paired_difference(a: Scores, b: Scores, *, draws: int = 5000, seed: int = 0, confidence: float = 0.95) -> Interval:
    """Difference a − b of the mean scores over tasks.

    Args:
        a: one model's scores.
        b: the other model's scores.
        draws: bootstrap samples.
        seed: of the draws.
        confidence: share of the draws inside the interval.

    Raises:
        ValueError: tasks or numbers of samples differ.
    """
    left, right = _task_means(a, b)
    drawn_left, drawn_right = _drawn_task_means(a, b, draws, seed)
    drawn = (drawn_left - drawn_right).mean(axis=1)  # [draws]
    return _interval(float((left - right).mean()), drawn, confidence)


def retention_interval(
    model: Scores, teacher: Scores, *, draws: int = 5000, seed: int = 0, confidence: float = 0.95
) -> Interval:
    """``retention`` with an interval; arguments as for ``paired_difference``.

    Draws in which the teacher scores 0 on a task, where no ratio exists, are left out.

    Raises:
        ValueError: tasks or numbers of samples differ, or the teacher scores 0 on a task.
    """
    mean = retention(model, teacher)
    own, teachers = _drawn_task_means(model, teacher, draws, seed)
    defined = teachers.all(axis=1)
    return _interval(mean, (own[defined] / teachers[defined]).mean(axis=1), confidence)


def shuffled_images(rows: Iterable[Row], seed: int) -> list[dict[str, Any]]:
    """The control that shows whether a model reads: every row gets the images of another row of its task.

    Args:
        rows: at least two of each task.
        seed: of the permutation.

    Returns:
        Copies of the rows in the same order; ids, questions and references stay.

    Raises:
        ValueError: a task has one row only.
    """
    shuffled = [dict(row) for row in rows]
    tasks: dict[str, list[dict[str, Any]]] = {}
    for row in shuffled:
        tasks.setdefault(row["task"], []).append(row)
    for task, members in tasks.items():
        if len(members) < 2:
            raise ValueError(f"task {task!r} has one row only; images can be exchanged between two or more")
        ring = Random(f"{seed}-{task}").sample(members, len(members))
        images = [row["images"] for row in ring]
        for row, others in zip(ring, images[1:] + images[:1], strict=True):
            row["images"] = others
    return shuffled


def _task_means(a: Scores, b: Scores) -> tuple[Floats, Floats]:
    """Score per task of both models, ``[tasks]`` each."""
    pairs = _pairs(a, b)
    own, others = ([np.mean([pair[side].mean() for pair in groups]) for groups in pairs] for side in (0, 1))
    return np.array(own), np.array(others)


def _drawn_task_means(a: Scores, b: Scores, draws: int, seed: int) -> tuple[Floats, Floats]:
    """The same for ``draws`` bootstrap samples, ``[draws, tasks]`` each; both models get the same samples."""
    rng = np.random.default_rng(seed)
    left, right = [], []
    for groups in _pairs(a, b):
        means = np.stack([_drawn_means(rng, *pair, draws) for pair in groups]).mean(axis=0)  # [2, draws]
        left.append(means[0])
        right.append(means[1])
    return np.stack(left, axis=1), np.stack(right, axis=1)


def _drawn_means(rng: np.random.Generator, left: Floats, right: Floats, draws: int) -> Floats:
    """Means of both models over the same bootstrap samples, ``[2, draws]``."""
    size, both = len(left), np.stack([left, right], axis=1)  # [samples, 2]
    even = np.full(size, 1 / size)
    parts = [min(_DRAWN, draws - done) for done in range(0, draws, _DRAWN)]
    means = [rng.multinomial(size, even, size=part) @ both / size for part in parts]  # [part, 2] each
    return np.concatenate(means).T


def _interval(mean: float, drawn: Floats, confidence: float) -> Interval:
    """Percentile interval of drawn figures, ``[draws]``."""
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high), mean)


def _pairs(a: Scores, b: Scores) -> list[list[tuple[Floats, Floats]]]:
    """Both models' scores in each group of each task, tasks sorted.

    Raises:
        ValueError: they cannot be paired.
    """
    if not a or a.keys() != b.keys():
        raise ValueError(f"models were scored on different tasks: {sorted(a)} and {sorted(b)}")
    pairs = []
    for task in sorted(a):
        left, right = _groups(a[task]), _groups(b[task])
        counts = [{name: len(scores) for name, scores in side.items()} for side in (left, right)]
        if counts[0] != counts[1] or 0 in counts[0].values():
            own, others = (sum(count.values()) for count in counts)
            raise ValueError(f"{task}: {own} and {others} samples; compare the same rows")
        pairs.append([(left[name], right[name]) for name in left])
    return pairs


def _groups(scores: Strata | Floats | Sequence[float]) -> Strata:
    if isinstance(scores, Mapping):
        return scores
    return {"": np.asarray(scores, dtype=np.float64)}
