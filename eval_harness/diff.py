"""Where a prediction differs from its reference, word by word, for reports that mark errors in colour."""

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Op = Literal["equal", "insert", "delete"]


class Segment(NamedTuple):
    """A run of text that both have, only the prediction has (insert) or only the reference has (delete)."""

    op: Op
    text: str


def word_diff(prediction: str, reference: str) -> list[Segment]:
    """Split both texts into words and white space and align them by their words.

    Args:
        prediction: what the model wrote.
        reference: what it should have written.

    Returns:
        Segments in reading order: "equal" and "insert" joined are the prediction, "equal" and "delete" the reference.
    """
    wanted, written = _words(reference), _words(prediction)
    segments: list[Segment] = []
    for op, start, stop, left, right in SequenceMatcher(str.isspace, wanted, written, autojunk=False).get_opcodes():
        removed, added = "".join(wanted[start:stop]), "".join(written[left:right])
        if op == "equal":
            segments.append(Segment("equal", added))
            continue
        if removed:
            segments.append(Segment("delete", removed))
        if added:
            segments.append(Segment("insert", added))
    return segments


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text)
