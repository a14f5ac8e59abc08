"""Drop path (stochastic depth, https://arxiv.org/abs/1603.09382) for a ViT that has none: the paper's Table 6 says 0.1.

transformers' native InternVL ViT left it out. Forward hooks add it from outside: nothing of it is in the state dict, in
the configuration or in evaluation mode, so checkpoints and answers stay the same.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class DropPath:
    """A forward hook that drops what a residual branch adds, for whole tiles, in training mode only.

    Kept tiles are scaled by 1 / (1 − rate), so the expectation of the branch does not change.

    Args:
        rate: share of tiles whose branch is dropped.
    """

    rate: float

    def __call__(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        """Change a branch's output, ``[tiles, patches, width]`` or a tuple that begins with it."""
        if not module.training:
            return None
        branch, *others = output if isinstance(output, tuple) else (output,)
        kept = torch.empty(len(branch), 1, 1, dtype=branch.dtype, device=branch.device).bernoulli_(1 - self.rate)
        dropped = branch * kept / (1 - self.rate)
        return (dropped, *others) if isinstance(output, tuple) else dropped


def add_drop_path(vision_tower: nn.Module, rate: float) -> None:
    """Hook drop path on the attention and the MLP of every layer, its rate rising linearly from 0 to ``rate``.

    Args:
        vision_tower: an ``InternVLVisionModel``; hook before it is compiled.
        rate: of the last layer, at least 0 and less than 1. With 0 nothing is hooked.
    """
    layers = list(vision_tower.get_submodule("encoder.layer").children())
    depths = torch.linspace(0, rate, len(layers)).tolist()  # one layer alone keeps rate 0, as in InternVL
    for layer, depth_rate in zip(layers, depths, strict=True):
        if depth_rate > 0:
            for branch in ("attention", "mlp"):
                layer.get_submodule(branch).register_forward_hook(DropPath(depth_rate))
