"""A rival that merges downwards too: a convolution over 2-D windows of the grid with kernel = stride.

At stride 4 a token then stands for 2 × 2 tokens of the teacher instead of 1 × 4; at stride 2 it equals ``conv1d``.
"""

import torch

from .compressor_fcotvl import by_window, square_window
from .configuration_fcotvl import FCoTVLConfig
from .conv1d_fcotvl import Conv1dCompressor


class Conv2dCompressor(Conv1dCompressor):
    """Merge each ``square_window(stride)``: the 1-D convolution over tokens put in order window by window.

    Where kernel = stride this is the 2-D convolution; ``weight.unflatten(2, window)`` is its kernel. It starts as
    average pooling of the window.
    """

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__(config)
        self.window = square_window(config.compressor_stride)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(by_window(tokens, *self.window).flatten(1, 2))  # [tiles, N, width] → [tiles, N/r, width]
