"""Boxes: where a text stands, as [x1, y1, x2, y2] in thousandths of the page, compared by intersection over union."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ..literal import read_literal
from .key_values import parse_pairs
from .vqa import References, vqa

_BOX = re.compile(r"[(\[]" + ",".join([r"\s*(0*\d{1,4})\s*"] * 4) + r"[)\]]")
_FURTHEST = 1000


def grounding(prediction: str, reference: Sequence[Any]) -> float:
    """Score the last box of a reply.

    Args:
        prediction: what the model wrote.
        reference: the right box.

    Raises:
        ValueError: the reference has fewer than four numbers.
    """
    if len(reference) < 4:
        raise ValueError(f"the reference is no box: {list(reference)}")
    box = last_box(prediction)
    return overlap(box, reference) if box else 0.0


def vqa_with_position(prediction: str, references: References, bbox: Sequence[Any]) -> float:
    """Score a reply ``{"answer": …, "bbox": […]}``: half for the answer, by the rules of ``vqa``, half for the box.

    Args:
        prediction: what the model wrote.
        references: right answers.
        bbox: the right box.
    """
    pairs = parse_pairs(prediction)
    content = vqa(pairs["answer"], references) if "answer" in pairs else 0.0
    try:
        position = overlap(read_literal(pairs.get("bbox", "")), bbox)
    except ValueError:
        position = 0.0
    return 0.5 * content + 0.5 * position


def last_box(text: str) -> list[int] | None:
    """The last four whole numbers from 0 to 1000 in one pair of brackets or parentheses; None if there are none."""
    boxes = ([int(number) for number in match.groups()] for match in _BOX.finditer(text))
    inside = [box for box in boxes if max(box) <= _FURTHEST]
    return inside[-1] if inside else None


def overlap(first: Any, second: Any) -> float:
    """Intersection over union of two boxes; 0 if one of them is none, or both have no area.

    Args:
        first: four numbers, of which decimals are cut off; more are ignored.
        second: likewise.
    """
    try:
        left, right = _corners(first), _corners(second)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    width = min(left[2], right[2]) - max(left[0], right[0])
    height = min(left[3], right[3]) - max(left[1], right[1])
    shared = max(0, width) * max(0, height)
    union = _area(left) + _area(right) - shared
    return shared / union if union else 0.0


def _corners(box: Iterable[Any]) -> list[int]:
    numbers = [int(number) for number in box]
    if len(numbers) < 4:
        raise ValueError("a box has four numbers")
    return numbers


def _area(box: Sequence[int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
