"""Reductions without training, matched to a student's token count: what compression costs if nothing is learnt.

Each returns a model and what ``eval_harness.runner.evaluate`` takes as its processor. They share the teacher's
weights, and the teacher itself stays as it was. ``reduced`` makes any of them from ``METHOD:KEEP``; ``docs/rivals.md``
tells the rules.
"""

from .divprune import divprune
from .fastv import fastv
from .fewer_tiles import fewer_tiles
from .mean_pooling import mean_pooling
from .prumerge import prumerge
from .random_drop import random_drop
from .reduce import Reduced, reduced
from .smaller_tiles import smaller_tiles
from .specification import METHODS, Specification, parse_specification
from .tome import tome
from .visionzip import visionzip

__all__ = [
    "METHODS",
    "Reduced",
    "Specification",
    "divprune",
    "fastv",
    "fewer_tiles",
    "mean_pooling",
    "parse_specification",
    "prumerge",
    "random_drop",
    "reduced",
    "smaller_tiles",
    "tome",
    "visionzip",
]
