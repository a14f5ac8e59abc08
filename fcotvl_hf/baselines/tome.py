"""ToMe, applied after the pixel shuffle: pairs of tokens with similar keys are merged.

Bolya et al., "Token Merging: Your ViT But Faster", https://arxiv.org/abs/2210.09461. There tokens are merged in every
block of the vision tower, which would break the grid that InternVL's pixel shuffle needs; here they are merged once
behind it, by the keys of the last block. A round merges at most half of the tokens. What a merged token stands for
weighs in the next round; the language model's attention is not told, as its weights expect tokens of one size.
"""

import torch
from torch import nn

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .selection import add_to_groups, cosine, split, take
from .vision_cues import reduced_by_cues


class ToMe(nn.Module):
    """Merge the tokens of each tile until ``length`` are left, in reading order."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, tokens: torch.Tensor, scores: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        merged, keys = tokens.float(), keys.float()
        sizes = torch.ones_like(merged[..., :1])  # what each token stands for
        while merged.shape[1] > self.length:
            goes, target, stays = match(keys, min(merged.shape[1] - self.length, merged.shape[1] // 2))
            sums, key_sums, sizes = (
                add_to_groups(take(each, stays), take(each, goes), target)
                for each in (merged * sizes, keys * sizes, sizes)
            )
            merged, keys = sums / sizes, key_sums / sizes
        return merged.to(tokens.dtype)  # [tiles, length, 4C]


def match(keys: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Bipartite soft matching: every second token looks for the most similar of the others, the best pairs merge.

    Args:
        keys: ``[tiles, N, C]``.
        count: how many tokens disappear, at most N / 2.

    Returns:
        Places of the tokens that disappear, ``[tiles, count]``; into which of those that stay each is merged, by its
        number among them; and the places of those that stay, ``[tiles, N − count]``, ascending.
    """
    length = keys.shape[1]
    similarity, partner = cosine(keys[:, 0::2], keys[:, 1::2]).max(2)  # [tiles, ⌈N/2⌉]
    goes, _ = split(similarity, count)
    partner = partner.gather(1, goes) * 2 + 1  # its place
    disappears = torch.zeros(len(keys), length, dtype=torch.bool, device=keys.device).scatter(1, goes * 2, True)
    _, stays = split(disappears.int(), count)
    return goes * 2, torch.searchsorted(stays, partner), stays


def tome(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, stride: int
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Merge the tokens of each tile into N / stride; arguments, result and errors are those of ``reduced_by_cues``."""
    return reduced_by_cues(teacher, processor, stride, ToMe, "tome")
