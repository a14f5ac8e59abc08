"""Mean pooling without training: neighbouring visual tokens are averaged before the teacher's projector."""

from typing import Literal

import torch
from torch import nn

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor, by_window, square_window

from .sharing import reduced_length, with_compressor, with_tokens

Window = Literal["row", "square"]


class WindowMean(nn.Module):
    """Average the tokens of each ``height`` × ``width`` window of a square grid."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return by_window(tokens, self.height, self.width).mean(dim=2)  # [tiles, N, C] → [tiles, N/r, C]


def mean_pooling(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, stride: int, window: Window = "row"
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Keep N / stride tokens per tile, each the mean of a window.

    Args:
        teacher: a model of stride 1; not changed.
        processor: its processor; not changed.
        stride: tokens per window.
        window: ``"row"`` for 1 × stride, what a ``mean`` student does; ``"square"`` for windows as square as possible,
            taller rather than wider (2 × 1, 2 × 2, 4 × 2 …), so that they differ from rows at stride 2 as well.

    Returns:
        The reduced model and its processor.

    Raises:
        ValueError: the windows do not tile the grid of tokens.
    """
    tokens, row = reduced_length(teacher, stride), teacher.config.tokens_per_row
    height, width = (1, stride) if window == "row" else square_window(stride)[::-1]
    if row % height or row % width:
        raise ValueError(f"no {window} windows of {stride} tokens tile a grid of {row} × {row} tokens; choose 2 or 4")
    reduced = with_compressor(teacher, WindowMean(height, width), f"mean-{height}x{width}", stride)
    return reduced, with_tokens(processor, tokens)
