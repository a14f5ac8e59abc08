"""Charts as Python dicts: each pair of key and value is a row of a table, and the tables are compared by TEDS.

A nested dict is one cell whose characters stand apart, so that one wrong value of many costs next to nothing.
"""

import re
from collections.abc import Mapping
from typing import Any

from ..literal import read_literal
from .key_values import FENCED
from .teds import teds

_ASSIGNMENT = re.compile(r"^\w+\s*=\s*")
_COMMENT = re.compile("#.*")


def chart(prediction: str, reference: Mapping[str, Any]) -> float:
    """Score a chart; a reply without a readable, filled dict is 0.

    Args:
        prediction: what the model wrote.
        reference: the right dict.
    """
    pairs = parse_chart(prediction)
    return teds(_to_html(pairs), _to_html(reference)) if pairs else 0.0


def parse_chart(text: str) -> dict[Any, Any]:
    """Read the dict of a reply: of its longest code block if there is one, up to the last brace.

    A name it is assigned to and comments are dropped; so is the rest of a line after ``#`` in a string, which makes it
    unreadable.

    Returns:
        The dict; an empty one if there is none.
    """
    blocks = FENCED.findall(text)
    content = (max(blocks, key=len) if blocks else text).strip()
    content = _COMMENT.sub("", _ASSIGNMENT.sub("", content))
    end = content.rfind("}")
    try:
        value = read_literal(content[: end + 1] if end >= 0 else content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _to_html(pairs: Mapping[Any, Any]) -> str:
    rows = "".join(f"  <tr><td>{key}</td><td>{' '.join(str(value))}</td></tr>\n" for key, value in pairs.items())
    return f"<html><body><table>\n{rows}</table></body></html>"
