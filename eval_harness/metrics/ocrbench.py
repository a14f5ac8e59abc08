"""OCRBench: an answer is right that contains a right text.

https://arxiv.org/abs/2305.07895. Case does not count, except in handwritten formulas, where spaces do not. The total is
out of 1000, the number of pages. Any answer contains an empty text, and a long answer contains more: cap its length.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .references import some
from .scored import Scored

FORMULA = "Handwritten Mathematical Expression Recognition"
GROUPS: dict[str, str] = {
    "Regular Text Recognition": "Text Recognition",
    "Irregular Text Recognition": "Text Recognition",
    "Artistic Text Recognition": "Text Recognition",
    "Handwriting Recognition": "Text Recognition",
    "Digit String Recognition": "Text Recognition",
    "Non-Semantic Text Recognition": "Text Recognition",
    "Scene Text-centric VQA": "Scene Text-centric VQA",
    "Doc-oriented VQA": "Doc-oriented VQA",
    "Key Information Extraction": "Key Information Extraction",
    FORMULA: FORMULA,
}
"""Category of a question (``question_type`` in the dataset) → what it is reported under."""


def ocrbench(prediction: str, references: Sequence[str], category: str) -> float:
    """Score one answer: 1 or 0.

    Args:
        prediction: what the model wrote.
        references: right texts; one of them is enough.
        category: a key of ``GROUPS``.

    Raises:
        ValueError: there is no such category, or no reference.
    """
    if category not in GROUPS:
        raise ValueError(f"OCRBench has no category {category!r}; it has {', '.join(GROUPS)}")
    clean = _formula if category == FORMULA else _text
    answer = clean(prediction)
    return float(any(clean(reference) in answer for reference in some(references)))


def ocrbench_total(items: Sequence[Mapping[str, Any]]) -> Scored:
    """Score a result set.

    Args:
        items: mappings with ``prediction``, ``references`` and ``category``.

    Returns:
        The number of right answers; as output that of each group, the sum, and the sum as a percentage of the 1000
        questions there are.
    """
    right: Counter[str] = Counter(dict.fromkeys(GROUPS.values(), 0))
    for item in items:
        score = ocrbench(item["prediction"], item["references"], item["category"])
        right[GROUPS[item["category"]]] += int(score)
    total = right.total()
    return Scored(float(total), {**right, "Final Score": total, "Final Score Norm": total / 10})


def _text(text: str) -> str:
    return text.lower().strip().replace("\n", " ")


def _formula(text: str) -> str:
    return text.strip().replace("\n", " ").replace(" ", "")
