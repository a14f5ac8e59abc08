"""Weights w in θ = θ_base + Σ w_i (θ_i − θ_base) that follow from the number of checkpoints alone."""

from math import fsum


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
    """Each checkpoint to the same part; the base cancels (https://arxiv.org/abs/2203.05482).

    Args:
        n: number of checkpoints.

    Raises:
        ValueError: there are none.
    """
    _check(n)
    return [1 / n] * n


def scaled(weights: list[float], scale: float, normalize: bool = False) -> list[float]:
    """λ w_i, as task arithmetic (https://arxiv.org/abs/2212.04089) has it with all w_i = 1.

    Args:
        weights: one for each checkpoint.
        scale: λ.
        normalize: divide by Σ w_i, which is n where all are 1.

    Raises:
        ValueError: there are none, or they cannot be normalized because they add up to 0.
    """
    _check(len(weights))
    total = fsum(weights) if normalize else 1.0
    if total == 0:
        raise ValueError("weights that add up to 0 cannot be normalized")
    return [scale * weight / total for weight in weights]


def _check(n: int) -> None:
    if n < 1:
        raise ValueError("no checkpoints to merge; give at least one folder")
