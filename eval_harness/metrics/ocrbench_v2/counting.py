"""Counting: the right count stands in the reply, or the first whole number of the reply is near it.

Signs, decimals and what follows a thousands separator do not belong to that number: "-9" is 9, "1,000" is 1.
"""

import math
import re
from collections.abc import Sequence

_DIGITS = re.compile(r"\d+")
_MOST_DIGITS = 4000
"""Python reads no longer ones; no page has so many of anything."""


def count_contained(prediction: str, references: Sequence[str | int | float]) -> float:
    """Return 1 if the reply contains a right count, in lower case, else 0; the reply's own case is kept."""
    return float(any(_clean(str(reference)) in prediction for reference in references))


def count_near(prediction: str, references: Sequence[str | int]) -> float:
    """Score the first whole number of a reply: 1 − distance / right count, from more than 0.5 on.

    Args:
        prediction: what the model wrote.
        references: right counts; the nearest one counts.

    Raises:
        ValueError: a right count is no whole number.
    """
    match = _DIGITS.search(prediction)
    digits = match[0] if match else "0"
    number = int(digits) if len(digits) <= _MOST_DIGITS else math.inf
    if number == 0:
        return 0.0
    return max((_nearness(number, int(_clean(str(reference)))) for reference in references), default=0.0)


def _nearness(number: float, right: int) -> float:
    if number >= 2 * right:
        return 0.0
    score = 1 - abs(number - right) / right
    return score if score > 0.5 else 0.0


def _clean(text: str) -> str:
    return text.lower().strip().replace("\n", " ")
