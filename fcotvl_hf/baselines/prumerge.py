"""LLaVA-PruMerge+: outliers of CLS's attention and evenly spaced tokens stay, and take up what is like them.

Shang et al., "LLaVA-PruMerge: Adaptive Token Reduction for Efficient Large Multimodal Models",
https://arxiv.org/abs/2403.15388. There the number of outliers decides how many tokens stay. Here it is given, so that
methods compare at the same cost: outliers first, evenly spaced tokens up to the number, and the last place for the one
token that sums up everything pruned.
"""

import torch
from torch import nn

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .selection import cosine, split, take
from .vision_cues import reduced_by_cues

NEIGHBOURS = 32
"""How many pruned tokens each token that stays takes up; the paper's number."""


class PruMerge(nn.Module):
    """Keep ``length`` tokens of each tile, the last one for all that was pruned."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, tokens: torch.Tensor, scores: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        kept, pruned = choose(scores, self.length - 1)
        alike = cosine(take(keys, kept), take(keys, pruned))  # [tiles, kept, pruned]
        nearest = alike.topk(min(NEIGHBOURS, pruned.shape[1]), dim=2).indices
        attention = scores.gather(1, pruned)[:, None].to(tokens.dtype)  # [tiles, 1, pruned]
        weights = torch.zeros_like(alike, dtype=tokens.dtype).scatter(2, nearest, 1.0) * attention
        taken_up = take(tokens, kept) + weights @ take(tokens, pruned)
        return torch.cat([taken_up, attention @ take(tokens, pruned)], dim=1)  # [tiles, length, 4C]


def choose(scores: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Outliers, the highest first, then evenly spaced ones of the rest: the middles of equal stretches.

    A score is an outlier if it is above the third quartile by more than 1.5 times the distance between the quartiles.

    Args:
        scores: attention from CLS, ``[tiles, N]``.
        count: how many stay.

    Returns:
        Places of those that stay and of the others, ascending, ``[tiles, count]`` and ``[tiles, N − count]``.
    """
    low, high = scores.quantile(torch.tensor([0.25, 0.75], device=scores.device), dim=1)  # [tiles] each
    rank = scores.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    outlier = (scores > (high + 1.5 * (high - low))[:, None]) & (rank < count)
    need = count - outlier.sum(1, keepdim=True)  # [tiles, 1], to be filled up
    left = (~outlier).sum(1, keepdim=True)
    number = (~outlier).cumsum(1)  # of those left: 1, 2, …
    even = ((number * need + left // 2) // left) > (((number - 1) * need + left // 2) // left)
    return split((outlier | even).int(), count)


def prumerge(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, stride: int
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Keep N / stride tokens of each tile; arguments, result and errors are those of ``reduced_by_cues``."""
    return reduced_by_cues(teacher, processor, stride, PruMerge, "prumerge")
