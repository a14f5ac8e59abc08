"""Mean pooling: the compressor without parameters, the untrained baseline."""

import torch

from .compressor_fcotvl import Compressor, by_window
from .configuration_fcotvl import FCoTVLConfig


class MeanCompressor(Compressor):
    """Average ``stride`` neighbouring tokens of a row."""

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__()
        self.stride = config.compressor_stride

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return by_window(tokens, 1, self.stride).mean(dim=2)  # [tiles, N, width] → [tiles, N/r, width]
