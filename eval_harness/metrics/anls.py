"""ANLS, the score of DocVQA and InfographicVQA: 1 − edits per character to the nearest right answer.

Average normalised Levenshtein similarity, https://arxiv.org/abs/1907.00490. As in the challenges' own script, case and
white space do not count as edits, but the length that edits are divided by is that of the texts as they are: spaces
around a wrong answer make it look nearer. Strip predictions before, as a runner does, and nothing is gained by them.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from rapidfuzz.distance import Levenshtein

from .references import some


def anls(prediction: str, references: Sequence[str], threshold: float = 0.5) -> float:
    """Score one answer.

    Args:
        prediction: what the model wrote.
        references: all right answers.
        threshold: a similarity below it counts as 0.

    Raises:
        ValueError: there is no reference.
    """
    similarity = 1 - min(_distance(prediction, reference) for reference in some(references))
    return similarity if similarity >= threshold else 0.0


def anls_mean(items: Sequence[Mapping[str, Any]], threshold: float = 0.5) -> float:
    """Score a result set: the mean over items with ``prediction`` and ``references``."""
    return fmean(anls(item["prediction"], item["references"], threshold) for item in items)


def _distance(prediction: str, reference: str) -> float:
    """Edits per character of the longer text; 0 for two empty ones."""
    length = max(len(prediction.upper()), len(reference.upper()))
    return Levenshtein.distance(_fold(prediction), _fold(reference)) / length if length else 0.0


def _fold(text: str) -> str:
    return " ".join(text.lower().split())
