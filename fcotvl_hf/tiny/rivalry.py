"""Who of an exam stands beside whom: rivals as cheap as a student, those that spend more, and the best of them.

A rival that drops tokens inside the language model spends what its layers see on average, not what its last one sees.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fcotvl_hf.eval_harness.lead import AS_FEW

Models = Mapping[str, Any]
"""Name → entry, the teacher first; see ``exam.take_exam``."""


def trained(models: Models) -> list[str]:
    """Names of all that are no untrained rivals."""
    return [name for name, entry in models.items() if entry["kind"] != "baseline"]


def with_rivals(models: Models) -> list[str]:
    """Names of the students that have rivals."""
    return [name for name, entry in models.items() if entry.get("over")]


def as_cheap(models: Models, student: str) -> list[str]:
    """The rivals of a student that spend no more visual tokens than it does, the best first."""
    return [name for name in _by_score(models, student) if not _spends_more(models, name, student)]


def dearer(models: Models, student: str) -> list[str]:
    """The rivals of a student that spend more visual tokens than it does, the best first."""
    return [name for name in _by_score(models, student) if _spends_more(models, name, student)]


def best_rivals(models: Models) -> list[str]:
    """The best rival as cheap as each student that has rivals."""
    return [as_cheap(models, student)[0] for student in with_rivals(models)]


def shown_rivals(models: Models, count: int) -> list[str]:
    """The best few rivals of each student, whatever they spend.

    Args:
        models: of the exam.
        count: how many of each.
    """
    return [name for student in with_rivals(models) for name in _by_score(models, student)[:count]]


def best_of(models: Models, names: Iterable[str]) -> str:
    """The one with the highest score."""
    return max(names, key=lambda name: models[name]["fresh"]["score"])


def told_apart(names: Iterable[str], bounds: Mapping[str, Sequence[float]]) -> dict[str, list[str]]:
    """Sort names by the intervals of a difference: ``ahead``, ``level`` (it holds zero) and ``behind``.

    Args:
        names: in the order in which they are told.
        bounds: name → low and high.
    """
    sides: dict[str, list[str]] = {"ahead": [], "level": [], "behind": []}
    for name in names:
        low, high = bounds[name]
        sides["ahead" if low > 0 else "behind" if high < 0 else "level"].append(name)
    return sides


def kept_by_task(models: Models, names: Iterable[str]) -> dict[str, dict[str, float]]:
    """Share of the teacher's score in each task on which it scores at all.

    Args:
        models: of the exam.
        names: whose.
    """
    teacher = next(iter(models.values()))["fresh"]["tasks"]
    able = [task for task, entry in teacher.items() if entry["score"] > 0]
    return {
        name: {
            task.removeprefix("tiny-"): models[name]["fresh"]["tasks"][task]["score"] / teacher[task]["score"]
            for task in able
        }
        for name in names
    }


def _by_score(models: Models, student: str) -> list[str]:
    return sorted(models[student]["over"], key=lambda name: -models[name]["fresh"]["score"])


def _spends_more(models: Models, name: str, student: str) -> bool:
    own: float = models[student]["fresh"]["tokens_over_layers"]
    return bool(models[name]["fresh"]["tokens_over_layers"] > AS_FEW * own)
