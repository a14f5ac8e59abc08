"""From a number of checkpoints to their weights w in θ = θ_base + Σ w_i (θ_i − θ_base)."""

from collections.abc import Callable


def last(n: int) -> list[float]:
    """The last checkpoint alone, which is no merge; the control of all others.

    Args:
        n: number of checkpoints, in the order of training.

    Raises:
        ValueError: there are none.
    """
    _check(n)
    return [0.0] * (n - 1) + [1.0]


def average(n: int) -> list[float]:
    """Each checkpoint to the same part; the base cancels.

    Args:
        n: number of checkpoints.

    Raises:
        ValueError: there are none.
    """
    _check(n)
    return [1 / n] * n


METHODS: dict[str, Callable[[int], list[float]]] = {"last": last, "average": average}
"""Names of the methods that need nothing but the number of checkpoints."""


def _check(n: int) -> None:
    if n < 1:
        raise ValueError("no checkpoints to merge; give at least one folder")
