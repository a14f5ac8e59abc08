"""The only place that knows of ZeroGPU, where a Space borrows its GPU for the length of a call.

Models are placed on ``cuda`` before there is one, and the package ``spaces`` makes that work if it is imported before
torch is; so this module is imported first. https://huggingface.co/docs/hub/spaces-zerogpu
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

ON_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU") == "true"
"""The Space's machine says so."""

DEVICE = "cuda" if ON_ZERO_GPU else None
"""Where to put models; ``None`` for an accelerator if there is one, else the CPU."""

_SECONDS = 60
"""Longest call; visitors' quotas are charged for what a call really takes."""

_spaces: Any = import_module("spaces") if ON_ZERO_GPU else None


def on_gpu(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function, or a generator, run where the GPU is: in a process forked for the call, on ZeroGPU.

    Args:
        function: its arguments and results are pickled; what it closes over is not.
    """
    if _spaces is None:
        return function
    borrowed: Callable[_P, _R] = _spaces.GPU(duration=_SECONDS)(function)
    return borrowed
