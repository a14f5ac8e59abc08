"""The list of compressors: fewer visual tokens per tile, before or after the projector.

A new one is one class in one file, after ``Compressor`` in ``compressor_fcotvl.py``, and one entry of ``COMPRESSORS``.
Paper: https://arxiv.org/abs/2502.18512, section 3.2.
"""

from collections.abc import Callable

import torch

from .compressor_fcotvl import Compressor
from .configuration_fcotvl import FCoTVLConfig
from .conv1d_fcotvl import Conv1dCompressor
from .conv2d_fcotvl import Conv2dCompressor
from .mean_fcotvl import MeanCompressor
from .qformer_fcotvl import QFormerCompressor


class IdentityCompressor(Compressor):
    """Stride 1: the teacher's path, all tokens kept."""

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__()

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens


COMPRESSORS: dict[str, Callable[[FCoTVLConfig], Compressor]] = {
    "none": IdentityCompressor,
    "mean": MeanCompressor,
    "conv1d": Conv1dCompressor,
    "conv2d": Conv2dCompressor,
    "qformer": QFormerCompressor,
}
"""What ``compressor_type`` may be → the class."""


def build_compressor(config: FCoTVLConfig) -> Compressor:
    """Build the compressor that ``config`` names, for tokens as wide as they are at its position.

    Raises:
        ValueError: no compressor has that name.
    """
    if config.compressor_type not in COMPRESSORS:
        raise ValueError(f"unknown compressor_type {config.compressor_type!r}; choose from {', '.join(COMPRESSORS)}")
    return COMPRESSORS[config.compressor_type](config)
