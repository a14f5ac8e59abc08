"""What came out, in a sentence or two: the first thing that a report says."""

from collections.abc import Mapping, Sequence
from typing import Any

AS_FEW = 1.05
"""A rival that spends up to this many times a student's visual tokens spends as few; whole tiles meet it nearly."""

Rows = Sequence[Mapping[str, Any]]
"""With ``label``, ``kind``, ``retention`` and ``tokens_over_layers``, the mean over layers; the teacher first."""


def best_students(rows: Rows) -> list[Mapping[str, Any]]:
    """The student that keeps most at each number of visual tokens, most tokens first.

    Args:
        rows: of all models; a student without retention is none of the best.
    """
    best: dict[str, Mapping[str, Any]] = {}
    for row in sorted(_able(rows, "student"), key=lambda row: (-row["tokens_over_layers"], -row["retention"])):
        best.setdefault(f"{row['tokens_over_layers']:.1f}", row)
    return list(best.values())


def lead_sentence(rows: Rows) -> str:
    """What the best students keep of the teacher's score with how many tokens, and what is kept without training.

    Args:
        rows: of all models.

    Returns:
        Nothing if there is no student, or none of which it can be said.
    """
    of_all = f"{rows[0]['tokens_over_layers']:.1f}"
    sentences: list[str] = []
    for student in best_students(rows):
        tokens, kept = f"{student['tokens_over_layers']:.1f}", f"{student['retention']:.1%}"
        if sentences:
            told = f"With {tokens}, {kept} is kept"
        else:
            instead = "" if tokens == of_all else f" instead of {of_all}"
            told = f"With {tokens} visual tokens an image{instead}, {kept} of the teacher's score is kept"
        sentences.append(f"{told} by {student['label']}{_without_training(rows, student)}.")
    return " ".join(sentences)


def spent(figures: Mapping[str, Any]) -> str:
    """Visual tokens per image; also the mean over layers where that is another.

    Args:
        figures: ``tokens_per_image`` and ``tokens_over_layers``.
    """
    tokens, over_layers = figures["tokens_per_image"], figures["tokens_over_layers"]
    return f"{tokens:.1f}" if tokens == over_layers else f"{tokens:.1f} ({over_layers:.1f} over layers)"


def best_rival(rows: Rows, student: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The rival that keeps most of those that spend as few visual tokens as a student; ``None`` if there is none.

    Args:
        rows: of all models.
        student: one of them.
    """
    most = AS_FEW * student["tokens_over_layers"]
    rivals = [row for row in _able(rows, "baseline") if row["tokens_over_layers"] <= most]
    return max(rivals, key=lambda row: row["retention"], default=None)


def _without_training(rows: Rows, student: Mapping[str, Any]) -> str:
    best = best_rival(rows, student)
    return f", and without training {best['retention']:.1%} at most, by {best['label']}" if best else ""


def _able(rows: Rows, kind: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["kind"] == kind and row["retention"] is not None]
