"""Key-information extraction: which keys have the right value, F1 over the keys of reply and reference.

Replies are read generously: JSON, a Python dict, or anything with ``key: value`` or ``key = value`` in it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from ..literal import read_literal

FENCED = re.compile(r"```(?:json|python)?\n(.*?)\n```", re.DOTALL | re.IGNORECASE)
"""A code block of Markdown."""

_RUN_AND_VALUE = re.compile(r"""([\w\s]++)(?:["']?\s*[:=]\s*["']?([^\n,"'{}]+))?""")
"""Words, and the value behind them if a colon or an equals sign follows."""


def key_value_f1(prediction: str, reference: str | Mapping[str, Any]) -> float:
    """Score the pairs of a reply; case and spaces do not count.

    Args:
        prediction: what the model wrote.
        reference: key → list of right values, any of which will do; as a dict or as the text of one, in which a single
            value needs no list. In a dict such a value is taken for a list of its characters: the benchmark's script
            does so.

    Returns:
        Right keys / all keys of both; 0 if the reference is a text that is no dict.
    """
    wanted = _alternatives(reference)
    if wanted is None or not all(wanted.values()):
        return 0.0
    written = parse_pairs(prediction)
    right, keys = 0, 0
    for key in wanted | written:
        values = list(wanted.get(key, ()))
        if key not in written and None in values:
            continue  # it may be left out
        keys += 1
        right += key in written and _fold(written[key]) in [_fold(value) for value in values if value is not None]
    return right / keys if keys else 0.0


def parse_pairs(text: str) -> dict[str, str]:
    """Read the pairs of a reply, of its first code block if there is one.

    Returns:
        Key → value as text; empty if there is none, or what is written is no mapping from texts.
    """
    block = FENCED.search(text)
    content = block[1] if block else text.strip()
    value = _read(content)
    if value is None:
        value = {match[1].strip(): match[2] for match in _RUN_AND_VALUE.finditer(content) if match[2]}
    try:
        return {key.strip(): str(value).strip() for key, value in value.items()}
    except AttributeError:  # no dict, or a key that is no text
        return {}


def combinations(reference: str | Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """All dicts with one right value for each key; None if the reference is a text that is no dict.

    Args:
        reference: see ``key_value_f1``.
    """
    wanted = _alternatives(reference)
    if wanted is None:
        return None
    return [dict(zip(wanted, values, strict=True)) for values in product(*wanted.values())]


def parse_reference(text: str) -> dict[str, Sequence[Any]]:
    """Read a reference of the Chinese part: a Python dict whose values may be single ones.

    Raises:
        ValueError: it is no dict.
    """
    value = read_literal(text)
    if not isinstance(value, dict):
        raise ValueError(f"the reference is no dict: {text[:80]!r}")
    return _listed(value)


def _alternatives(reference: str | Mapping[str, Any]) -> dict[str, Sequence[Any]] | None:
    """Key → right values; None if the reference is a text that is no dict, in JSON or Python, quoted or not."""
    if not isinstance(reference, str):
        return dict(reference)
    value = _read(reference.strip('"'))
    if isinstance(value, str):
        value = _read(value)
    return _listed(value) if isinstance(value, dict) else None


def _listed(pairs: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """Key → list of values, where a value may be a single one."""
    return {key: values if isinstance(values, list) else [values] for key, values in pairs.items()}


def _read(text: str) -> Any:
    """What a text is as JSON or else as a Python literal; None if it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return read_literal(text)
    except ValueError:
        return None


def _fold(value: Any) -> str:
    return str(value).lower().strip().replace("\n", " ").replace(" ", "")
