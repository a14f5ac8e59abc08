"""Random dropping: N / stride of a tile's visual tokens stay, which ones is drawn once."""

import torch
from torch import nn

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .sharing import reduced_length, with_compressor, with_tokens


class TokenSubset(nn.Module):
    """Keep the tokens of given positions, in order, the same ones in every tile."""

    kept: torch.Tensor

    def __init__(self, positions: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("kept", positions.sort().values)  # [N/r]

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens[:, self.kept]  # [tiles, N, C] → [tiles, N/r, C]


def random_drop(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, stride: int, seed: int = 0
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Keep N / stride tokens per tile.

    Args:
        teacher: a model of stride 1; not changed.
        processor: its processor; not changed.
        stride: one token of this many stays.
        seed: of the choice.

    Returns:
        The reduced model and its processor.

    Raises:
        ValueError: the stride does not divide the tokens of a tile.
    """
    tokens = reduced_length(teacher, stride)
    order = torch.randperm(teacher.config.image_seq_length, generator=torch.Generator().manual_seed(seed))
    reduced = with_compressor(teacher, TokenSubset(order[:tokens]), f"random-drop-{seed}", stride)
    return reduced, with_tokens(processor, tokens)
