"""VisionZip: the tokens that CLS attends to stay, the others are merged into a few contextual tokens.

Yang et al., "VisionZip: Longer is Better but Not Necessary in Vision Language Models",
https://arxiv.org/abs/2412.04467.
"""

import torch
from torch import nn
from torch.nn.functional import one_hot

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .selection import add_to_groups, cosine, in_reading_order, split, take
from .vision_cues import reduced_by_cues

CONTEXTUAL = 10 / 64
"""Share of contextual tokens among those that stay: 10 of 64, 20 of 128 and 30 of 192 in the paper."""


class VisionZip(nn.Module):
    """Keep ``length`` tokens of each tile, dominant and contextual ones, in reading order."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def forward(self, tokens: torch.Tensor, scores: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        dominant, targets, members = choose(scores, self.length)
        group = cosine(take(keys, members), take(keys, targets)).argmax(2)  # [tiles, members]
        sums = add_to_groups(take(tokens, targets).float(), take(tokens, members).float(), group)
        counts = 1 + one_hot(group, targets.shape[1]).sum(1)  # [tiles, targets]
        contextual = (sums / counts[..., None]).to(tokens.dtype)
        kept = torch.cat([take(tokens, dominant), contextual], dim=1)  # [tiles, length, 4C]
        return in_reading_order(kept, torch.cat([dominant, targets], dim=1))


def choose(scores: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where dominant and contextual tokens are.

    Args:
        scores: attention from CLS, ``[tiles, N]``.
        length: how many stay.

    Returns:
        Places of the dominant tokens; of the targets, evenly spaced among the rest; and of those that are merged into
        them. Each in ascending order, together ``[tiles, N]``.
    """
    contextual = max(1, round(length * CONTEXTUAL))
    dominant, rest = split(scores, length - contextual)
    is_target = torch.zeros(rest.shape[1], dtype=torch.bool, device=rest.device)
    is_target[torch.arange(contextual, device=rest.device) * (rest.shape[1] // contextual)] = True
    return dominant, rest[:, is_target], rest[:, ~is_target]


def visionzip(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, stride: int
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Keep N / stride tokens of each tile; arguments, result and errors are those of ``reduced_by_cues``."""
    return reduced_by_cues(teacher, processor, stride, VisionZip, "visionzip")
