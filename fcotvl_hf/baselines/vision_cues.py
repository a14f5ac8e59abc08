"""What VisionZip, PruMerge and ToMe look at: the vision tower's attention from CLS, and its keys.

Their publications read both from a layer of CLIP whose attention map is materialised, which costs eager attention.
Only one row of that map is wanted, so it is computed here from the layer's own queries and keys, and the vision tower
keeps its fast attention.

InternVL's tokens are four patches each. A token's score is the sum of its patches' scores, the attention that falls on
its square; its key is theirs side by side, as the pixel shuffle does with their features. The layer is the one whose
output becomes the tokens: InternVL's last, CLIP's last but one in LLaVA.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLModel, FCoTVLProcessor

from .sharing import reduced_length, shared_copy, with_compressor, with_tokens


class CueModel(FCoTVLModel):
    """Its compressor takes tokens ``[tiles, N, 4C]``, scores ``[tiles, N]`` and keys ``[tiles, N, 4 × head width]``."""

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        vision_feature_layer: int | None = None,
        vision_feature_select_strategy: str | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPooling:
        """As ``FCoTVLModel``, with the compressor told what the vision tower attended to."""
        layer = self.config.vision_feature_layer if vision_feature_layer is None else vision_feature_layer
        attention = self.vision_tower.encoder.layer[layer if layer < 0 else layer - 1].attention
        with _watched(attention) as seen:
            outputs = self.get_vit_features(pixel_values, layer, **kwargs)
        queries, keys = (seen[name].unflatten(2, (attention.num_heads, -1)) for name in ("q_norm", "k_norm"))
        scores = self._shuffled(cls_attention(queries, keys)[..., None]).sum(2)
        tokens = self.compressor(outputs.pooler_output, scores, self._shuffled(keys[:, 1:].mean(2)))
        outputs.pooler_output = self.multi_modal_projector(tokens)
        return outputs

    def _shuffled(self, patches: torch.Tensor) -> torch.Tensor:
        """``[tiles, patches, C]`` → ``[tiles, N, 4C]``, as the pixel shuffle groups the features."""
        side = math.isqrt(patches.shape[1])
        grid = patches.unflatten(1, (side, side))
        shuffled: torch.Tensor = self.pixel_shuffle(grid, scale_factor=self.config.downsample_ratio).flatten(1, 2)
        return shuffled


def cls_attention(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """How much CLS attends to each patch, averaged over heads.

    Args:
        queries: CLS first, ``[tiles, 1 + patches, heads, head width]``.
        keys: likewise.

    Returns:
        ``[tiles, patches]``; together with what CLS gives itself it would sum to 1.
    """
    logits = torch.einsum("thc,tphc->thp", queries[:, 0].float(), keys.float()) / math.sqrt(keys.shape[-1])
    return logits.softmax(-1).mean(1)[:, 1:]


def reduced_by_cues(
    teacher: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    stride: int,
    method: Callable[[int], nn.Module],
    name: str,
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Leave N / stride tokens of each tile by a method that looks at scores and keys.

    Args:
        teacher: a model of stride 1; not changed.
        processor: its processor; not changed.
        stride: how many tokens become one, on average.
        method: makes the compressor, see ``CueModel``, from the number of tokens that a tile keeps.
        name: of the method, for the configuration.

    Returns:
        The reduced model and its processor.

    Raises:
        ValueError: the teacher is compressed already, or the stride does not divide the tokens of a tile.
    """
    length = reduced_length(teacher, stride)
    reduced = with_compressor(teacher, method(length), name, stride, CueModel)
    reduced.model.vision_tower = shared_copy(teacher.model.vision_tower)  # its own, to be watched
    return reduced, with_tokens(processor, length)


@contextmanager
def _watched(attention: nn.Module) -> Iterator[dict[str, torch.Tensor]]:
    """Note queries and keys of a layer while it runs, by the name of what emits them."""
    seen: dict[str, torch.Tensor] = {}

    def note(name: str) -> Any:
        return lambda module, inputs, output: seen.update({name: output})

    handles = [attention.get_submodule(name).register_forward_hook(note(name)) for name in ("q_norm", "k_norm")]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
