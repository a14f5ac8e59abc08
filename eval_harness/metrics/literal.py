"""Reading what a model wrote as a Python literal; nothing of it is run."""

import ast
import warnings
from typing import Any


def read_literal(text: str) -> Any:
    """Read a literal.

    Args:
        text: any text.

    Raises:
        ValueError: it is no literal, or one that Python will not read: nested too deep, unhashable keys.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes: what a model writes is not our source code
        try:
            return ast.literal_eval(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError(f"no Python literal: {text[:80]!r}") from error
