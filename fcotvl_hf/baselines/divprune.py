"""DivPrune: the most diverse visual tokens stay.

Alvar et al., "DivPrune: Diversity-based Visual Token Pruning for Large Multimodal Models",
https://arxiv.org/abs/2503.02175. Of what the projector emits, tokens are picked greedily so that the smallest cosine
distance between any two is large (the max-min diversity problem). Here within each tile, so that a tile has a fixed
number of tokens.
"""

import torch
from torch import nn

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .selection import cosine, take
from .sharing import reduced_length, with_compressor, with_tokens


class Diverse(nn.Module):
    """Keep ``length`` tokens of each tile, in reading order."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return take(tokens, choose(tokens, self.length).sort(dim=1).values)  # [tiles, N, C] → [tiles, length, C]


def choose(tokens: torch.Tensor, count: int) -> torch.Tensor:
    """Pick the token farthest from its nearest neighbour, then always the one farthest from those picked.

    Args:
        tokens: ``[tiles, N, C]``.
        count: how many.

    Returns:
        Their places in the order of choice, ``[tiles, count]``.
    """
    distance = 1 - cosine(tokens, tokens)  # [tiles, N, N]
    distance.diagonal(dim1=1, dim2=2).fill_(float("inf"))
    picked = [distance.amin(2).argmax(1, keepdim=True)]
    gap = torch.full_like(distance[:, 0], float("inf"))  # to the nearest one that was picked
    while len(picked) < count:
        gap = torch.minimum(gap, take(distance, picked[-1])[:, 0]).scatter(1, picked[-1], -1.0)
        picked.append(gap.argmax(1, keepdim=True))
    return torch.cat(picked, dim=1)


def divprune(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, stride: int
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Keep N / stride tokens of each tile.

    Args:
        teacher: a model of stride 1; not changed.
        processor: its processor; not changed.
        stride: one token of this many stays.

    Returns:
        The reduced model and its processor.

    Raises:
        ValueError: the teacher is compressed already, or the stride does not divide the tokens of a tile.
    """
    length = reduced_length(teacher, stride)
    reduced = with_compressor(teacher, nn.Identity(), "divprune", stride)
    reduced.model.multi_modal_projector = nn.Sequential(teacher.model.multi_modal_projector, Diverse(length))
    return reduced, with_tokens(processor, length)
