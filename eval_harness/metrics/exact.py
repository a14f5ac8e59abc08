"""Exact answers and exact lines; white space at the ends does not count, everything else does."""

from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

from .references import some


def exact_match(prediction: str, reference: str) -> float:
    """Return 1 if both are the same text apart from surrounding white space, else 0."""
    return float(prediction.strip() == reference.strip())


def exact_match_any(prediction: str, references: Sequence[str]) -> float:
    """Return 1 if the prediction is one of the references apart from surrounding white space, else 0.

    Raises:
        ValueError: there is no reference.
    """
    return max(exact_match(prediction, reference) for reference in some(references))


def exact_lines(prediction: str, reference: str) -> float:
    """Share of the reference's lines that the prediction has, in order, without a single wrong character.

    Lines are aligned by their longest common subsequence: a missing or surplus line costs itself only, a line at the
    wrong place is lost. Blank lines are left out.

    Args:
        prediction: what the model wrote.
        reference: what stands on the page; without any line, only a prediction without any scores.
    """
    written, wanted = _lines(prediction), _lines(reference)
    if not wanted:
        return float(not written)
    return LCSseq.similarity(written, wanted) / len(wanted)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
