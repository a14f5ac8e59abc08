"""Relaxed accuracy, the score of ChartQA: numbers may be 5 % off, everything else must be the same text.

https://arxiv.org/abs/2203.10244 §5.1. The tolerance is a share of the gold number. InternVL's script passes prediction
and gold the other way round, so there it is a share of the prediction; published InternVL scores were made that way,
which ``convention="internvl"`` reproduces. Percentages are hundredths ("12%" is 0.12), and as in everybody's script
years are numbers too, a gold 0 is compared as text, and "1,000" or "$5" are no numbers.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, Literal

from .references import some

Convention = Literal["gold", "internvl"]

TOLERANCE = 0.05


def relaxed_accuracy(prediction: str, references: Sequence[str], convention: Convention = "gold") -> float:
    """Score one answer: 1 if it is near enough to a reference, else 0.

    Args:
        prediction: what the model wrote; white space around it does not count.
        references: all right answers.
        convention: what the tolerance is a share of: the ``gold`` number, or as in ``internvl`` the predicted one.

    Raises:
        ValueError: there is no reference, or no such convention.
    """
    if convention not in ("gold", "internvl"):
        raise ValueError(f"there is no convention {convention!r}; choose gold or internvl")
    answer = prediction.strip()
    if convention == "gold":
        return float(any(_near(answer, reference) for reference in some(references)))
    return float(any(_near(reference, answer) for reference in some(references)))


def relaxed_accuracy_mean(items: Sequence[Mapping[str, Any]], convention: Convention = "gold") -> float:
    """Score a result set: the mean over items with ``prediction`` and ``references``."""
    return fmean(relaxed_accuracy(item["prediction"], item["references"], convention) for item in items)


def _near(text: str, norm: str) -> bool:
    """Whether ``text`` is within the tolerance of the number ``norm``, or the same text."""
    value, target = _number(text), _number(norm)
    if value is None or not target:
        return text.lower() == norm.lower()
    return abs(value - target) / abs(target) <= TOLERANCE


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None
