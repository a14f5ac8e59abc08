"""Reductions without training, matched to a student's token count: what compression costs if nothing is learnt.

Each returns a model and what ``eval_harness.runner.evaluate`` takes as its processor. They share the teacher's
weights, and the teacher itself stays as it was.
"""

from .mean_pooling import mean_pooling
from .random_drop import random_drop
from .smaller_tiles import smaller_tiles

__all__ = ["mean_pooling", "random_drop", "smaller_tiles"]
