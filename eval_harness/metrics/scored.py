"""What a metric returns that has both a score and something it read or counted on the way."""

from typing import Any, NamedTuple


class Scored(NamedTuple):
    """A score and what it was made from.

    Args:
        score: what counts.
        output: the extracted answer or the parts of a sum; any JSON value.
    """

    score: float
    output: Any
