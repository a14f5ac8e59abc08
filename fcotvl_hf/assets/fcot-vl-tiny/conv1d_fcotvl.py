"""The paper's compressor: a convolution over the row-major tokens with kernel = stride.

Paper: https://arxiv.org/abs/2502.18512, section 3.2.
"""

import torch
from torch import nn
from transformers import initialization as init

from .compressor_fcotvl import Compressor
from .configuration_fcotvl import FCoTVLConfig


class Conv1dCompressor(nn.Conv1d, Compressor):
    """Merge ``stride`` neighbouring tokens of a row by a learned matrix for each place in the window.

    It starts as average pooling, so an untrained student equals the mean-pooled one.
    """

    def __init__(self, config: FCoTVLConfig) -> None:
        width, stride = config.compressor_width, config.compressor_stride
        super().__init__(width, width, kernel_size=stride, stride=stride, groups=config.compressor_groups)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return super().forward(tokens.transpose(1, 2)).transpose(1, 2)  # [tiles, N, width] → [tiles, N/r, width]

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Set the weight to identity / stride at each kernel position, the bias to zero."""
        width = self.in_channels // self.groups
        identity = torch.eye(width, dtype=self.weight.dtype, device=self.weight.device).repeat(self.groups, 1)
        init.copy_(self.weight, (identity / self.stride[0]).unsqueeze(-1).expand_as(self.weight))
        init.zeros_(self.bias)  # type: ignore[arg-type]
