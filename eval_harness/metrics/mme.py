"""MME: yes or no, two questions on each image; per category the accuracy and that over images with both right.

https://arxiv.org/abs/2306.13394. A category counts 200 points at most: 100 · acc + 100 · acc+; perception has ten
categories, cognition four. Harnesses differ in how they read a reply, so the parser is named; ``internvl`` is that of
the published InternVL scores.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from .scored import Scored
from .vqa_normalize import strip_punctuation

PERCEPTION = ("existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark", "artwork", "OCR")
COGNITION = ("commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning")

OTHER = "other"
"""Neither yes nor no."""

_DIGIT_COMMA = re.compile(r"\d,\d")
_FULL_STOP = re.compile(r"(?<!\d)\.(?!\d)")
_HAN = re.compile("[\u4e00-\u9fa5]")
_PREFIX = 4


def mme_parse(prediction: str, parser: str = "internvl") -> str:
    """Read a reply.

    Args:
        prediction: what the model wrote.
        parser: a key of ``PARSERS``.

    Returns:
        ``yes``, ``no`` or ``other``.

    Raises:
        ValueError: there is no such parser.
    """
    if parser not in PARSERS:
        raise ValueError(f"there is no parser {parser!r}; choose one of {', '.join(PARSERS)}")
    return PARSERS[parser](prediction)


def mme(items: Sequence[Mapping[str, Any]], parser: str = "internvl") -> Scored:
    """Score a result set.

    Args:
        items: mappings with ``category``, ``image``, ``answer`` (Yes or No) and ``prediction``; two for each image.
        parser: a key of ``PARSERS``.

    Returns:
        Perception + cognition, at most 2800; as output both, and except for ``lmms-eval`` each category. Categories
        that are missing add nothing.

    Raises:
        ValueError: no such category, or an image does not have two questions.
    """
    images: dict[str, dict[str, list[bool]]] = {}
    for item in items:
        if item["category"] not in (*PERCEPTION, *COGNITION):
            raise ValueError(f"MME has no category {item['category']!r}; it has {', '.join(PERCEPTION + COGNITION)}")
        right = mme_parse(item["prediction"], parser) == item["answer"].strip().lower()
        images.setdefault(item["category"], {}).setdefault(item["image"], []).append(right)
    points = {
        category: _points(category, images[category]) for category in PERCEPTION + COGNITION if category in images
    }
    sums = {
        "perception": sum(points.get(category, 0.0) for category in PERCEPTION),
        "cognition": sum(points.get(category, 0.0) for category in COGNITION),
    }
    return Scored(sum(sums.values()), sums if parser == "lmms-eval" else sums | points)


def _points(category: str, images: Mapping[str, Sequence[bool]]) -> float:
    """100 · acc + 100 · acc+ of one category."""
    for image, right in images.items():
        if len(right) != 2:
            raise ValueError(f"MME asks two questions about an image; {image!r} of {category} has {len(right)}")
    accuracy = fmean(answer for right in images.values() for answer in right)
    return 100 * accuracy + 100 * fmean(all(right) for right in images.values())


def _internvl(text: str) -> str:
    """Chinese, true and false are translated; the word must begin within the first four characters."""
    text = text.replace("\n", "").replace("不是", "No").replace("是", "Yes").replace("否", "No")
    text = text.lower().replace("true", "yes").replace("false", "no")
    return _prefix(_HAN.sub("", text))


def _vlmevalkit(text: str) -> str:
    """One of the words stands alone somewhere, the other does not."""
    text = text.lower()
    text = _FULL_STOP.sub("", strip_punctuation(text, everywhere=bool(_DIGIT_COMMA.search(text))), count=32)
    named = {"yes", "no"} & set(text.split())
    return named.pop() if len(named) == 1 else OTHER


def _lmms_eval(text: str) -> str:
    """White space around and full stops go; a single y or n will do."""
    text = text.lower().strip().replace(".", "")
    return {"y": "yes", "n": "no"}.get(text) or _prefix(text)


def _prefix(text: str) -> str:
    start = text[:_PREFIX]
    return next((word for word in ("yes", "no") if word in start), OTHER)


PARSERS: dict[str, Callable[[str], str]] = {
    "internvl": _internvl,
    "vlmevalkit": _vlmevalkit,
    "lmms-eval": _lmms_eval,
}
"""Each from a reply to ``yes``, ``no`` or ``other``."""
