"""Text spotting: which texts are found at the right place and read right, harmonic mean of precision and recall.

The end-to-end rules of the Robust Reading Competition, https://rrc.cvc.uab.es: a box is found if it overlaps by more
than half (intersection over union), each once, in the order of the reference; case does not count, and one mark of
punctuation at each end of the right text may be missing. Texts marked ``###`` cannot be read: neither they nor boxes
that lie on them count.
"""

import re
from collections.abc import Sequence
from typing import Any

from ..literal import read_literal
from .boxes import overlap

Spot = tuple[Sequence[float], str]
"""A box [x1, y1, x2, y2] and its text."""

_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_QUOTED = re.compile(r'\s*"(.*)"\s*')
_MARKS = "!?.:,*\"()·[]/'"
_UNREADABLE = "###"
_FURTHEST = 1000
_LEAST = 0.5


def spotting(prediction: str, bbox: Sequence[Sequence[float]], content: Sequence[str]) -> float:
    """Score a reply ``[[x1, y1, x2, y2, "text"], …]``.

    Args:
        prediction: what the model wrote; boxes without area are left out.
        bbox: corners of the right boxes, x and y in turn; the rectangle around them counts.
        content: the text of each.
    """
    spots = [(spot[:4], _unquote(spot[4])) for spot in parse_spots(prediction)]
    found = [(box, text) for box, text in spots if box[0] < box[2] and box[1] < box[3]]
    right = [(_around(corners), _unquote(text)) for corners, text in zip(bbox, content, strict=True)]
    unreadable = [box for box, text in right if text == _UNREADABLE]
    wanted = [(box, text) for box, text in right if text != _UNREADABLE]
    counted = [(box, text) for box, text in found if not any(_covered(box, other) > _LEAST for other in unreadable)]
    hits = _hits(wanted, counted)
    return 2 * hits / (len(wanted) + len(counted)) if hits else 0.0


def parse_spots(text: str) -> list[list[Any]]:
    """Read the boxes and texts of a reply: a Python list of lists, or else whatever stands in innermost brackets.

    Returns:
        [x1, y1, x2, y2, text] with whole numbers from 0 to 1000, each once; what is not of this form is left out.
    """
    try:
        value = read_literal(text)
    except ValueError:
        items: list[Any] = [match[1].split(",", 4) for match in _BRACKETS.finditer(text)]
    else:
        items = list(value) if isinstance(value, list | tuple) else []
    spots = dict.fromkeys(spot for spot in map(_spot, items) if spot is not None)
    return [list(spot) for spot in spots]


def _spot(item: Any) -> tuple[Any, ...] | None:
    if not isinstance(item, list | tuple) or len(item) < 5:
        return None
    try:
        box = [int(str(number).strip()) for number in item[:4]]
    except ValueError:
        return None
    if min(box) < 0 or max(box) > _FURTHEST:
        return None
    return (*box, str(item[4]).replace("\n", "").strip().strip('"').strip("'"))


def _hits(wanted: Sequence[Spot], found: Sequence[Spot]) -> int:
    """How many of the wanted texts are read right; the first box that overlaps enough is a text's only chance."""
    free = list(found)
    hits = 0
    for box, text in wanted:
        chance = next((spot for spot in free if overlap(box, spot[0]) > _LEAST), None)
        if chance is not None:
            free.remove(chance)
            hits += _same(text.upper(), chance[1].upper())
    return hits


def _same(wanted: str, read: str) -> bool:
    first, last = wanted[:1] in _MARKS, wanted[-1:] in _MARKS
    forms = [wanted, *[wanted[1:]] * first, *[wanted[:-1]] * last, *[wanted[1:-1]] * (first and last)]
    return read in forms


def _unquote(text: str) -> str:
    """A text as the competition's files give it: on one line, without quotes around the whole."""
    text = text.replace("\r", "").replace("\n", "")
    match = _QUOTED.fullmatch(text)
    return match[1].replace("\\\\", "\\").replace('\\"', '"') if match else text


def _around(corners: Sequence[float]) -> list[float]:
    """The rectangle around x and y in turn."""
    return [min(corners[0::2]), min(corners[1::2]), max(corners[0::2]), max(corners[1::2])]


def _covered(box: Sequence[float], other: Sequence[float]) -> float:
    """Share of a box's area that lies in another one."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(0, width) * max(0, height) / ((box[2] - box[0]) * (box[3] - box[1]))
