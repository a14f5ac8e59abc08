"""Multiply-adds of a prefill, by part; FLOPs are twice as many.

Conventions: matrix products only (norms, activations, softmax and position embeddings are left out, < 1 %). Attention
counts the **full** L × L square unless ``causal=True``, which halves it; kernels that skip the masked half come near
the causal count, eager attention and the usual formula near the full one. The stride shrinks the visual part of L
only: the vision tower's cost stays, so parts are kept apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .kv import head_dim
from .tokens import visual_tokens


@dataclass(frozen=True)
class Prefill:
    """Multiply-adds from pixels to the first answer token.

    Args:
        vision: the vision tower.
        compressor: before or after the projector.
        projector: from vision width to text width.
        language: the language model's layers and the head of the last position.
    """

    vision: int
    compressor: int
    projector: int
    language: int

    @property
    def total(self) -> int:
        """All parts together."""
        return self.vision + self.compressor + self.projector + self.language

    @property
    def flops(self) -> int:
        """All parts together in floating point operations."""
        return 2 * self.total


def standard_layer(length: int, width: int, ffn_width: int) -> int:
    """Multiply-adds of one layer as papers on token reduction count it: 4Ld² + 2L²d + 2Ldm.

    Four square projections, full attention, an FFN of two matrices (FastV, https://arxiv.org/abs/2403.06764).

    Args:
        length: tokens L.
        width: of the hidden states, d.
        ffn_width: m.
    """
    return 4 * length * width**2 + 2 * length**2 * width + 2 * length * width * ffn_width


def llama_layer(
    length: int, width: int, ffn_width: int, heads: int, kv_heads: int, head_width: int, causal: bool = False
) -> int:
    """Multiply-adds of one Llama-like layer: grouped queries and a gated FFN of three matrices.

    Args:
        length: tokens.
        width: of the hidden states.
        ffn_width: of the gate and up projections.
        heads: query heads.
        kv_heads: key-value heads.
        head_width: width of one head.
        causal: count half of the attention square.
    """
    projections = 2 * length * width * (heads + kv_heads) * head_width  # q and o; k and v
    attention = 2 * length**2 * heads * head_width  # q·k and weights·v
    return projections + (attention // 2 if causal else attention) + 3 * length * width * ffn_width


def language_prefill(text_config: Any, length: int | Sequence[int], causal: bool = False) -> int:
    """Multiply-adds of the language model over a prompt, with logits for the last token only.

    Args:
        text_config: the language model's configuration.
        length: tokens of the prompt, visual ones included; one number per layer where layers see different ones.
        causal: count half of the attention square.
    """
    lengths = [length] * text_config.num_hidden_layers if isinstance(length, int) else length
    layers = (
        llama_layer(
            tokens,
            text_config.hidden_size,
            text_config.intermediate_size,
            text_config.num_attention_heads,
            text_config.num_key_value_heads,
            head_dim(text_config),
            causal,
        )
        for tokens in lengths
    )
    return sum(layers) + text_config.hidden_size * text_config.vocab_size


def standard_prefill(text_config: Any, length: int) -> int:
    """Multiply-adds of the language model's layers over ``length`` tokens in the form of ``standard_layer``.

    Args:
        text_config: the language model's configuration.
        length: tokens of the prompt, visual ones included.
    """
    layer = standard_layer(length, text_config.hidden_size, text_config.intermediate_size)
    return text_config.num_hidden_layers * layer


def vision_tile(vision_config: Any) -> int:
    """Multiply-adds of the vision tower for one tile: patch embedding and layers over patches and the CLS token."""
    patches = _patches(vision_config)
    embedding = patches * vision_config.num_channels * vision_config.patch_size[0] ** 2 * vision_config.hidden_size
    layer = standard_layer(patches + 1, vision_config.hidden_size, vision_config.intermediate_size)
    return embedding + vision_config.num_hidden_layers * layer


def projector_tile(config: Any) -> int:
    """Multiply-adds of the projector's two matrices for one tile's tokens, all of them or those that are left.

    Args:
        config: an ``FCoTVLConfig``.
    """
    width = config.text_config.hidden_size
    merged_later = config.compressor_stride if config.compressor_position == "after_projector" else 1
    return config.image_seq_length * merged_later * (_shuffled_width(config) + width) * width


def prefill(
    config: Any,
    tiles: int,
    text_tokens: int,
    causal: bool = False,
    compressor_tile: int = 0,
    lengths: Sequence[int] | None = None,
) -> Prefill:
    """Multiply-adds from pixels to the first answer token.

    Args:
        config: an ``FCoTVLConfig``.
        tiles: tiles of all images, thumbnails included.
        text_tokens: all tokens of the prompt that are no visual tokens.
        causal: count half of the language model's attention square.
        compressor_tile: multiply-adds of the compressor for one tile, which only its class knows (see
            ``eval_harness.compressor_cost``); 0 leaves it out.
        lengths: tokens that each layer of the language model sees; by default all of them.
    """
    length = visual_tokens(tiles, config.image_seq_length) + text_tokens
    return Prefill(
        vision=tiles * vision_tile(config.vision_config),
        compressor=tiles * compressor_tile,
        projector=tiles * projector_tile(config),
        language=language_prefill(config.text_config, length if lengths is None else lengths, causal),
    )


def _patches(vision_config: Any) -> int:
    return (vision_config.image_size[0] // vision_config.patch_size[0]) ** 2


def _shuffled_width(config: Any) -> int:
    return int(config.vision_config.hidden_size / config.downsample_ratio**2)
