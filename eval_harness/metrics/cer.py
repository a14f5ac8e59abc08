"""Character error rate: insertions, deletions and substitutions per character of the reference.

Scores are 1 − CER, so that higher is better. Unicode code points count as they are: no case folding, no
normalisation, spaces and newlines included.
"""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein


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
