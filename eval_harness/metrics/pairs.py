"""Charts as python dicts: which key-value pairs are right.

Answers are read as Python literals; no code in them is run.
"""

from typing import Any

from .literal import read_literal


def parse_pairs(text: str) -> dict[Any, Any] | None:
    """Read a python dict literal.

    Args:
        text: the literal, white space around it allowed.

    Returns:
        The dict; None if the text is anything else.
    """
    try:
        value = read_literal(text.strip())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def pair_f1(prediction: str, reference: str) -> float:
    """F1 of the key-value pairs: missing, wrong and surplus pairs all cost; the order does not.

    Args:
        prediction: what the model wrote; scores 0 if it is no dict.
        reference: a dict literal; if it is empty, only an empty dict scores.

    Returns:
        2 · right pairs / (pairs written + pairs wanted).

    Raises:
        ValueError: the reference is no dict literal.
    """
    wanted = parse_pairs(reference)
    if wanted is None:
        raise ValueError(f"the reference is no python dict: {reference!r}; correct the data")
    written = parse_pairs(prediction)
    if written is None:
        return 0.0
    if not wanted:
        return float(not written)
    right = sum(key in written and written[key] == value for key, value in wanted.items())
    return 2 * right / (len(written) + len(wanted))
