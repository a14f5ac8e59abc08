"""FCoT-VL: transformers' native InternVL with a visual-token compressor before, or after, its projector.

The trip of a tile: ViT → drop CLS → pixel shuffle (``get_vit_features``, shared by teacher and student) → compressor
and projector (``connect``) → into the language model's embeddings where ``<IMG_CONTEXT>`` stands. Everything else is
InternVL's.
Paper: https://arxiv.org/abs/2502.18512.
"""

import math
from typing import Any

import torch
from torch import nn
from transformers import InternVLForConditionalGeneration, InternVLModel, InternVLPreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from .chat_fcotvl import ChatMixin
from .compression_fcotvl import build_compressor
from .compressor_fcotvl import Compressor
from .configuration_fcotvl import FCoTVLConfig


class FCoTVLPreTrainedModel(InternVLPreTrainedModel):
    """What both classes share: the configuration class, how a fresh compressor starts, and how a model is loaded."""

    config: FCoTVLConfig
    config_class = FCoTVLConfig

    @classmethod
    def from_pretrained(
        cls, pretrained_model_name_or_path: Any, *args: Any, output_loading_info: bool = False, **kwargs: Any
    ) -> Any:
        """Load a model and refuse a checkpoint that lacks weights; transformers would make up random ones and warn.

        Args:
            pretrained_model_name_or_path: a folder or a Hub id.
            *args: passed on.
            output_loading_info: return a pair of the model and what transformers tells about the loading.
            **kwargs: passed on.

        Raises:
            ValueError: weights are missing, for instance a compressor's in the checkpoint of a teacher.
        """
        loaded: Any = super().from_pretrained(pretrained_model_name_or_path, *args, output_loading_info=True, **kwargs)
        model, info = loaded
        if keys := sorted(info["missing_keys"]):
            shown = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
            raise ValueError(f"{pretrained_model_name_or_path} does not fit its config.json: missing keys {shown}")
        return (model, info) if output_loading_info else model

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, Compressor):
            module.reset_parameters()
        else:
            super()._init_weights(module)


class FCoTVLModel(FCoTVLPreTrainedModel, InternVLModel):
    """The model without its head: vision tower, compressor, projector, language model."""

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__(config)
        self.compressor: nn.Module = build_compressor(config)
        self.post_init()

    def get_vit_features(
        self, pixel_values: torch.Tensor, vision_feature_layer: int | None = None, **kwargs: Any
    ) -> BaseModelOutputWithPooling:
        """Run the ViT once; what comes out feeds the teacher's projector as well as the student's compressor.

        Args:
            pixel_values: tiles, ``[tiles, 3, size, size]``.
            vision_feature_layer: which layer's output to use; the configuration's by default.
            **kwargs: passed on to the vision tower.

        Returns:
            The ViT's output with ``pooler_output`` = pixel-shuffled patches ``[tiles, N, 4 × vision width]``.
        """
        layer = self.config.vision_feature_layer if vision_feature_layer is None else vision_feature_layer
        outputs = self.vision_tower(
            pixel_values=pixel_values.to(self.dtype),
            **{**kwargs, "return_dict": True, "output_hidden_states": layer != -1},
        )
        hidden = outputs.last_hidden_state if layer == -1 else outputs.hidden_states[layer]
        patches = hidden[:, 1:]  # [tiles, patches, width], the CLS token dropped
        side = math.isqrt(patches.shape[1])
        grid = patches.reshape(patches.shape[0], side, side, -1)
        shuffled = self.pixel_shuffle(grid, scale_factor=self.config.downsample_ratio)  # [tiles, side/2, side/2, 4C]
        outputs.pooler_output = shuffled.flatten(1, 2)  # [tiles, N, 4C]
        return outputs

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        vision_feature_layer: int | None = None,
        vision_feature_select_strategy: str | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPooling:
        """Turn tiles into the language model's visual tokens.

        Args:
            pixel_values: tiles, ``[tiles, 3, size, size]``.
            vision_feature_layer: which layer's output to use; the configuration's by default.
            vision_feature_select_strategy: part of InternVL's interface; the CLS token is always dropped.
            **kwargs: passed on to the vision tower.

        Returns:
            ``pooler_output`` of shape ``[tiles, image_seq_length, text width]``.
        """
        outputs = self.get_vit_features(pixel_values, vision_feature_layer, **kwargs)
        outputs.pooler_output = self.connect(outputs.pooler_output)  # type: ignore[arg-type]  # it is never None
        return outputs

    def connect(self, features: torch.Tensor) -> torch.Tensor:
        """Compress and project what the ViT made of tiles, in the order that the configuration says.

        Args:
            features: ``pooler_output`` of ``get_vit_features``, ``[tiles, N, 4 × vision width]``.

        Returns:
            Visual tokens, ``[tiles, N / stride, text width]``.
        """
        if self.config.compressor_position == "after_projector":
            return self.compressor(self.multi_modal_projector(features))
        return self.multi_modal_projector(self.compressor(features))


class FCoTVLForConditionalGeneration(ChatMixin, FCoTVLPreTrainedModel, InternVLForConditionalGeneration):
    """The model that answers questions about images: ``AutoModel`` gives this class."""

    def __init__(self, config: FCoTVLConfig) -> None:
        super(InternVLForConditionalGeneration, self).__init__(config)  # the parent's own would build InternVLModel too
        self.model = FCoTVLModel(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()
