"""What came out, in a sentence or two: the first thing that a report says."""

from collections.abc import Mapping, Sequence
from typing import Any

_AS_FEW = 1.05
"""A rival that spends up to this many times a student's visual tokens spends as few."""

Rows = Sequence[Mapping[str, Any]]
"""With ``label``, ``kind``, ``tokens_per_image``, ``retention``; the teacher first."""


def best_students(rows: Rows) -> list[Mapping[str, Any]]:
    """The student that keeps most at each number of visual tokens, most tokens first.

    Args:
        rows: of all models; a student without retention is none of the best.
    """
    best: dict[str, Mapping[str, Any]] = {}
    for row in sorted(_able(rows, "student"), key=lambda row: (-row["tokens_per_image"], -row["retention"])):
        best.setdefault(f"{row['tokens_per_image']:.1f}", row)
    return list(best.values())


def lead_sentence(rows: Rows) -> str:
    """What the best students keep of the teacher's score with how many tokens, and what is kept without training.

    Args:
        rows: of all models.

    Returns:
        Nothing if there is no student, or none of which it can be said.
    """
    of_all = f"{rows[0]['tokens_per_image']:.1f}"
    sentences: list[str] = []
    for student in best_students(rows):
        tokens, kept = f"{student['tokens_per_image']:.1f}", f"{student['retention']:.1%}"
        if sentences:
            told = f"With {tokens}, {kept} is kept"
        else:
            instead = "" if tokens == of_all else f" instead of {of_all}"
            told = f"With {tokens} visual tokens an image{instead}, {kept} of the teacher's score is kept"
        sentences.append(f"{told} by {student['label']}{_without_training(rows, student['tokens_per_image'])}.")
    return " ".join(sentences)


def _without_training(rows: Rows, tokens: float) -> str:
    """The best rival that spends as few tokens, if there is one."""
    rivals = [row for row in _able(rows, "baseline") if row["tokens_per_image"] <= _AS_FEW * tokens]
    if not rivals:
        return ""
    best = max(rivals, key=lambda row: row["retention"])
    return f", and without training {best['retention']:.1%} at most, by {best['label']}"


def _able(rows: Rows, kind: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["kind"] == kind and row["retention"] is not None]
