"""How far two answers agree, word by word."""

from collections.abc import Sequence

from fcotvl_hf.eval_harness.diff import Segment, word_diff


def aligned(answer: str, reference: str) -> tuple[list[Segment], float]:
    """Align an answer with the reference's.

    Returns:
        The segments of ``word_diff``, and the agreement: 2 × words that both have in the same order / words of both
        (Ratcliff and Obershelp); 1 for two empty answers.
    """
    segments = word_diff(answer, reference)
    same = _words(segments, "equal")
    words = 2 * same + _words(segments, "insert") + _words(segments, "delete")
    return segments, 2 * same / words if words else 1.0


def _words(segments: Sequence[Segment], op: str) -> int:
    return sum(len(segment.text.split()) for segment in segments if segment.op == op)
