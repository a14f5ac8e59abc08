"""Compressors: fewer visual tokens per tile, between the pixel shuffle and the projector.

Every compressor maps ``[tiles, N, width]`` to ``[tiles, N / stride, width]``. Tokens come row by row, and the stride
divides a row, so a window never joins two rows or two tiles. A new compressor is one class and one entry of
``COMPRESSORS``. Paper: https://arxiv.org/abs/2502.18512, section 3.2.
"""

from collections.abc import Callable

import torch
from torch import nn
from transformers import initialization as init

from .configuration_fcotvl import FCoTVLConfig


class IdentityCompressor(nn.Identity):
    """Stride 1: the teacher's path, all tokens kept."""

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__()


class MeanCompressor(nn.Module):
    """Average ``stride`` neighbouring tokens of a row. No parameters: the untrained baseline."""

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__()
        self.stride = config.compressor_stride

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tiles, length, width = tokens.shape
        return tokens.reshape(tiles, length // self.stride, self.stride, width).mean(dim=2)  # [tiles, N/r, width]


class Conv1dCompressor(nn.Conv1d):
    """The paper's compressor: a convolution over the row-major tokens with kernel = stride.

    It starts as average pooling, so an untrained student equals the mean-pooled one. A leaf module with its own
    parameters, because transformers calls ``_init_weights`` for remote code on such modules only.
    """

    def __init__(self, config: FCoTVLConfig) -> None:
        width, stride = config.shuffled_width, config.compressor_stride
        super().__init__(width, width, kernel_size=stride, stride=stride, groups=config.compressor_groups)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(tokens.transpose(1, 2)).transpose(1, 2)  # [tiles, N, width] → [tiles, N/r, width]

    @torch.no_grad()
    def init_as_average_pooling(self) -> None:
        """Set the weight to identity / stride at each kernel position, the bias to zero."""
        width = self.in_channels // self.groups
        identity = torch.eye(width, dtype=self.weight.dtype, device=self.weight.device).repeat(self.groups, 1)
        init.copy_(self.weight, (identity / self.stride[0]).unsqueeze(-1).expand_as(self.weight))
        init.zeros_(self.bias)


COMPRESSORS: dict[str, Callable[[FCoTVLConfig], nn.Module]] = {
    "none": IdentityCompressor,
    "mean": MeanCompressor,
    "conv1d": Conv1dCompressor,
}


def build_compressor(config: FCoTVLConfig) -> nn.Module:
    """Build the compressor that ``config`` names, for tokens as wide as the pixel shuffle emits.

    Raises:
        ValueError: no compressor has that name.
    """
    if config.compressor_type not in COMPRESSORS:
        raise ValueError(f"unknown compressor_type {config.compressor_type!r}; choose from {', '.join(COMPRESSORS)}")
    return COMPRESSORS[config.compressor_type](config)
