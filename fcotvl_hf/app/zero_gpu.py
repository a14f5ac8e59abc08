"""The only place that knows of ZeroGPU, where a Space borrows its GPU for the length of a call.

https://huggingface.co/docs/hub/spaces-zerogpu
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

ON_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU") == "true"
"""The Space's machine says so."""

_SECONDS = 60
"""Longest call; visitors' quotas are charged for what a call really takes."""


def on_gpu(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function, or a generator, run where the GPU is: in a process forked for the call, on ZeroGPU.

    Args:
        function: its arguments and results are pickled; what it closes over is not.
    """
    if not ON_ZERO_GPU:
        return function
    borrowed: Callable[_P, _R] = import_module("spaces").GPU(duration=_SECONDS)(function)
    return borrowed
