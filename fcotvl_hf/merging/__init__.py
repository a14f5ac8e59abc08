"""Merging checkpoints of one run into one model (https://arxiv.org/abs/2502.18512, section 3.4).

Names load on first use: Shapley values alone need no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .greedy import greedy_soup
    from .merge import merge_checkpoints
    from .shapley import ShapleyResult, shapley_weights
    from .weights import average, last

_HOMES = {
    "ShapleyResult": ".shapley",
    "average": ".weights",
    "greedy_soup": ".greedy",
    "last": ".weights",
    "merge_checkpoints": ".merge",
    "shapley_weights": ".shapley",
}

__all__ = ["ShapleyResult", "average", "greedy_soup", "last", "merge_checkpoints", "shapley_weights"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
