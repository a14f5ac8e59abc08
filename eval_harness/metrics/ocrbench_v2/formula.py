r"""Formulas and handwritten options: the right LaTeX, or the right letters in a common spelling, stand in the reply."""

import re
from collections.abc import Sequence

_TEXT = re.compile(r"\\text\{([^{}]*)\}")
_JOINTS = ("", ".", ". ", ",", ", ", "、", ";", "; ", " ", "和")
"""What people write between the options that they tick."""


def formula(prediction: str, references: Sequence[str]) -> float:
    """Return 1 if the reply contains one of the formulas, spaces apart, else 0."""
    answer = _clean(prediction)
    return float(any(_clean(reference) in answer for reference in references))


def formula_chinese(prediction: str, references: Sequence[str]) -> float:
    r"""Return 1 if the reply contains the formula, spaces and ``\text{}`` apart, else 0; "nan" counts as no reply.

    Raises:
        ValueError: there is not exactly one formula.
    """
    reference = _only(references)
    if prediction.lower() == "nan":
        return 0.0
    return formula(_TEXT.sub(r"\1", prediction), [_TEXT.sub(r"\1", reference)])


def ticked_options(prediction: str, references: Sequence[str]) -> float:
    """Return 1 if the reply contains the letters of all right options, in order and joined in one way, else 0.

    Raises:
        ValueError: there is not exactly one text with the letters.
    """
    letters = _only(references)
    return float(any(joint.join(letters) in prediction for joint in _JOINTS))


def _only(references: Sequence[str]) -> str:
    if len(references) != 1:
        raise ValueError(f"there must be one reference, not {len(references)}")
    return references[0]


def _clean(text: str) -> str:
    return text.strip().replace("\n", " ").replace(" ", "")
