"""Repetition rate: how much of a text says what it has said before. OCR models that lose their place loop.

seq-rep-n of https://arxiv.org/abs/1908.04319 §6.1: 1 − different n-grams / n-grams. Words are what white space parts,
and each Chinese character, for there are no spaces between them.
"""

import re

_WORD = re.compile("[\u3400-\u9fff]|[^\\s\u3400-\u9fff]+")


def repetition_rate(prediction: str, n: int = 4) -> float:
    """Share of a text's n-grams that stand in it before.

    Args:
        prediction: what the model wrote.
        n: words that must repeat in a row; tables and lists repeat single words anyway.

    Returns:
        0 if no n-gram stands there twice, or the text has fewer than n words; nearly 1 for an endless loop.

    Raises:
        ValueError: n is not at least 1.
    """
    if n < 1:
        raise ValueError(f"n-grams have at least one word, not {n}")
    words = _WORD.findall(prediction)
    grams = [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0
