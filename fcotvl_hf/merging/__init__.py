"""Merging checkpoints of one run into one model (https://arxiv.org/abs/2502.18512, section 3.4)."""

from .merge import merge_checkpoints
from .methods import METHODS, average, last

__all__ = ["METHODS", "average", "last", "merge_checkpoints"]
