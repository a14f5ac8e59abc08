"""Character and word error rate: insertions, deletions and substitutions per character or word of the reference.

Lower is better and there is no upper limit; scores are 1 − CER, so that higher is better. Unicode code points count as
they are: no case folding, no normalisation, spaces and newlines included. Words are what white space parts.
"""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from .references import some


def cer(prediction: str, references: Sequence[str]) -> float:
    """Character errors per character of the reference that is matched best.

    Args:
        prediction: what the model wrote.
        references: what may stand on the page; an empty one counts as one character long.

    Raises:
        ValueError: there is no reference.
    """
    return min(_error_rate(prediction, reference) for reference in some(references))


def wer(prediction: str, references: Sequence[str]) -> float:
    """Word errors per word of the reference that is matched best.

    Args:
        prediction: what the model wrote.
        references: what may stand on the page; an empty one counts as one word long.

    Raises:
        ValueError: there is no reference.
    """
    return min(_error_rate(prediction.split(), reference.split()) for reference in some(references))


def one_minus_cer(prediction: str, reference: str) -> float:
    """Score one sample: max(0, 1 − distance / length of the reference).

    Args:
        prediction: what the model wrote.
        reference: what stands on the page; if empty, only an empty prediction scores.

    Returns:
        1 for equal texts, 0 where there are as many errors as reference characters or more.
    """
    if not reference:
        return float(not prediction)
    return max(0.0, 1 - Levenshtein.distance(prediction, reference) / len(reference))


def corpus_one_minus_cer(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Score a corpus: 1 − Σ distances / Σ reference lengths, so long pages weigh more. May be negative.

    Args:
        predictions: what the model wrote.
        references: what stands on the pages, in the same order; at least one is not empty.

    Raises:
        ValueError: the lengths differ, or all references are empty.
    """
    length = sum(map(len, references))
    if length == 0:
        raise ValueError("the character error rate of empty references is undefined; give at least one reference text")
    pairs = zip(predictions, references, strict=True)
    return 1 - sum(Levenshtein.distance(prediction, reference) for prediction, reference in pairs) / length


def _error_rate(prediction: Sequence[str], reference: Sequence[str]) -> float:
    return Levenshtein.distance(prediction, reference) / max(1, len(reference))
