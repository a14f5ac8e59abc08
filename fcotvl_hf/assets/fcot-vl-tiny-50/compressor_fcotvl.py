"""What every compressor is, and the windows of neighbouring tokens that most of them merge.

The visual tokens of a tile come row by row from a square grid. A window lies inside one tile, and as the stride divides
a row, windows tile the grid.
"""

import math

import torch
from torch import nn


class Compressor(nn.Module):
    """Maps ``[tiles, N, width]`` to ``[tiles, N / stride, width]``, each tile on its own.

    A subclass is built from an ``FCoTVLConfig``. It works on the meta device, keeps nothing in non-persistent buffers
    and calls its linear layers instead of reading their weights, which serving engines replace.
    """

    def reset_parameters(self) -> None:
        """Set all parameters to their start, children's included, with ``transformers.initialization``.

        transformers asks for this through ``_init_weights``, in remote code only if the compressor has parameters of
        its own: parameters in children alone would be missed.
        """


def square_window(size: int) -> tuple[int, int]:
    """Height and width of the window of ``size`` tokens that is nearest to a square, wider rather than taller.

    2 → 1 × 2, 4 → 2 × 2, 8 → 2 × 4, 16 → 4 × 4.
    """
    height = max(divisor for divisor in range(1, math.isqrt(size) + 1) if size % divisor == 0)
    return height, size // height


def by_window(tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Group the tokens of each tile by windows of its square grid.

    Args:
        tokens: row by row, ``[tiles, N, channels]``.
        height: of a window, in tokens; divides √N.
        width: of a window, likewise.

    Returns:
        ``[tiles, N / (height · width), height · width, channels]``; windows and the tokens in them go row by row.
    """
    tiles, length, channels = tokens.shape
    side = math.isqrt(length)
    grid = tokens.reshape(tiles, side // height, height, side // width, width, channels)
    return grid.transpose(2, 3).reshape(tiles, length // (height * width), height * width, channels)
