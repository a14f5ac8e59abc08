"""VQA accuracy, the score of TextVQA: an answer is right when three of the other people gave it too.

For each of the human answers (ten in TextVQA) the others are asked; the score is the mean. Four people who agree make
1, three 0.9, two 0.6, one 0.3. https://visualqa.org/evaluation.html
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from .references import some
from .vqa_normalize import vqa_normalize

_ENOUGH = 3


def vqa_accuracy(prediction: str, references: Sequence[str]) -> float:
    """Score one answer.

    Args:
        prediction: what the model wrote.
        references: what people answered, each as often as it was given. Ten in TextVQA; any other number is taken too,
            but a single one always scores 0, for there is nobody else to agree.

    Raises:
        ValueError: there is no reference.
    """
    answer = vqa_normalize(prediction)
    agree = [vqa_normalize(reference) == answer for reference in some(references)]
    return fmean(min(1.0, (sum(agree) - own) / _ENOUGH) for own in agree)


def vqa_accuracy_mean(items: Sequence[Mapping[str, Any]]) -> float:
    """Score a result set: the mean over items with ``prediction`` and ``references``."""
    return fmean(vqa_accuracy(item["prediction"], item["references"]) for item in items)
