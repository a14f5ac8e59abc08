"""FastV: after a few layers of the language model, visual tokens that get little attention are dropped.

Chen et al., "An Image is Worth 1/2 Tokens After Layer 2", https://arxiv.org/abs/2403.06764. At layer K the attention of
the layer before it is averaged over heads, and the last token's row says how much each visual token matters. The best
``keep`` of them stay, in order and at their positions; the layers from K on see nothing of the others, nor do they
cache them. All visual tokens of a conversation compete, whatever image or tile they come from.

The published code materialises the whole attention map of that layer. Here the layer's last query is asked once more,
by itself, against the keys that are in the cache already: the same row at the cost of one token, and no layer needs
eager attention.
"""

from typing import Any

import torch
from torch import nn
from transformers import DynamicCache, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLModel, FCoTVLProcessor

from .masked_cache import CACHE, MaskedLayer, cut_cache, layers_of_cache
from .sharing import shared_copy, with_compressor


class FastVModel(FCoTVLModel):
    """Tells its language model which of the tokens are visual."""

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        pixel_values: torch.Tensor | None = None,
        mm_encoder_outputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """As ``FCoTVLModel``; the hidden states of a first call have the length that the last layer sees.

        Args:
            input_ids: ``[rows, length]``.
            pixel_values: tiles, ``[tiles, 3, size, size]``.
            mm_encoder_outputs: visual tokens that were computed before, instead of tiles.
            **kwargs: passed on.

        Raises:
            ValueError: there are embeddings instead of ids, which do not tell which tokens are visual.
        """
        if input_ids is None:
            raise ValueError("FastV needs input_ids to know which tokens are visual, inputs_embeds do not tell")
        shown = pixel_values is not None or (mm_encoder_outputs or {}).get("image") is not None
        images = {"pixel_values": pixel_values, "mm_encoder_outputs": mm_encoder_outputs}
        visual = input_ids == self.config.image_token_id if shown else None
        return super().forward(input_ids=input_ids, visual=visual, **images, **kwargs)


class FastVLanguageModel(nn.Module):
    """A decoder that drops visual tokens between two of its layers.

    Args:
        decoder: any of transformers' decoders with ``layers`` and ``norm``; not changed, its weights are shared.
        layer: index of the first layer that sees the reduced sequence, 1 to layers − 1.
        keep: share of a row's visual tokens that stay.

    Raises:
        ValueError: the layer is out of range.
    """

    def __init__(self, decoder: PreTrainedModel, layer: int, keep: float) -> None:
        super().__init__()
        self.config = decoder.config
        self.layer, self.keep = layer, keep
        depth = decoder.config.num_hidden_layers
        if not 1 <= layer < depth:
            raise ValueError(f"FastV drops tokens at layer 1 to {depth - 1} of this model, not at layer {layer}")
        self.before = _layers(decoder, 0, layer - 1)
        self.scored = _layers(decoder, layer - 1, layer)
        self.after = _layers(decoder, layer, depth)
        self.probe = _layers(decoder, layer - 1, layer)
        self.probe.set_attn_implementation("eager")

    def get_input_embeddings(self) -> nn.Module:
        """The decoder's."""
        return self.before.get_input_embeddings()

    def forward(
        self,
        inputs_embeds: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        visual: torch.Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """Run all layers; tokens are dropped while the cache is empty.

        Args:
            inputs_embeds: ``[rows, new, width]``.
            attention_mask: ``[rows, cached + new]``; padding is on the left.
            position_ids: ``[rows, new]`` or ``[1, new]``.
            visual: which tokens are visual, ``[rows, new]``.
            use_cache: give the cache back.
            **kwargs: the cache under the name that transformers gives it; the rest is passed on to the layers.

        Returns:
            Hidden states ``[rows, kept, width]`` and the cache, whose layers from ``layer`` on are shorter.

        Raises:
            ValueError: padding is on the right, images come after the first turn, or the cache is of a kind that
                cannot hold layers of different lengths.
        """
        rows, new = inputs_embeds.shape[:2]
        cache = kwargs.pop(CACHE, None) or DynamicCache()
        past = cache.get_seq_length()
        mask = inputs_embeds.new_ones(rows, past + new, dtype=torch.long) if attention_mask is None else attention_mask
        if position_ids is None:
            position_ids = torch.arange(past, past + new, device=inputs_embeds.device)[None]
        if not past:
            cut_cache(cache, self.layer, len(self.after.layers))
        elif visual is not None:
            raise ValueError("FastV drops tokens of the first turn only: give all images with it, or start afresh")
        common = {"position_ids": position_ids, "use_cache": True, **kwargs}
        early = {**common, "attention_mask": mask}
        held = layers_of_cache(cache, 0, self.layer - 1)
        hidden = self.before(inputs_embeds=inputs_embeds, **early, **held).last_hidden_state
        held = layers_of_cache(cache, self.layer - 1, self.layer)
        after = self.scored(inputs_embeds=hidden, **early, **held).last_hidden_state
        late_mask = mask[:, past:]  # [rows, new]
        if not past and visual is not None:
            scores = self._scores(hidden[:, -1:], mask, position_ids[:, -1:], cache)
            index, late_mask = kept_tokens(scores, visual, mask, self.keep)
            after = after.gather(1, index[..., None].expand(-1, -1, after.shape[2]))  # [rows, kept, width]
            common["position_ids"] = position_ids.expand(rows, -1).gather(1, index)
        first: MaskedLayer = cache.layers[self.layer]
        late = {**common, "attention_mask": first.see(late_mask), **layers_of_cache(cache, self.layer, None)}
        output = self.after(inputs_embeds=after, **late)
        output[CACHE] = cache if use_cache else None
        return output

    def _scores(
        self, last: torch.Tensor, mask: torch.Tensor, position_ids: torch.Tensor, cache: DynamicCache
    ) -> torch.Tensor:
        """Attention of the last token to all, averaged over heads, ``[rows, length]``.

        Args:
            last: the last token's hidden state before layer ``layer`` − 1, ``[rows, 1, width]``.
            mask: ``[rows, length]``.
            position_ids: the last token's.
            cache: holds the keys of that layer.
        """
        if not mask[:, -1].all():
            raise ValueError("FastV looks at the last token of each row: pad on the left (padding_side='left')")
        held = cache.layers[self.layer - 1]
        earlier = DynamicCache([(held.keys[..., :-1, :], held.values[..., :-1, :])])
        asked = {"attention_mask": mask, "position_ids": position_ids, "use_cache": True, CACHE: earlier}
        (attention,) = self.probe(inputs_embeds=last, output_attentions=True, **asked).attentions
        scores: torch.Tensor = attention.float().mean(1)[:, 0]  # [rows, heads, 1, length] → [rows, length]
        return scores


def kept_tokens(
    scores: torch.Tensor, visual: torch.Tensor, mask: torch.Tensor, keep: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which tokens stay: all text, and of each row's n visual tokens the best ``kept_count(n, keep)``.

    Args:
        scores: how much each token matters, ``[rows, length]``; of equals the earlier one wins.
        visual: which are visual, ``[rows, length]``.
        mask: 0 for padding, ``[rows, length]``.
        keep: share of the visual tokens.

    Returns:
        Their places in ascending order, ``[rows, kept]``, padded on the left, and the mask of that padding.
    """
    rank = scores.masked_fill(~visual, -1).argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    counts = torch.tensor([kept_count(n, keep) for n in visual.sum(1).tolist()], device=scores.device)  # [rows]
    stays = mask.bool() & (~visual | (rank < counts[:, None]))
    order = stays.long().argsort(dim=1, stable=True)  # what goes, then what stays, both in order
    index = order[:, -int(stays.sum(1).max()) :]
    return index, stays.gather(1, index).long()


def kept_count(tokens: int, keep: float) -> int:
    """How many of a row's visual tokens stay: the nearest whole number, at least one if there are any."""
    return min(tokens, max(1, int(tokens * keep + 0.5)))


def fastv(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, keep: float, layer: int = 2
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Drop visual tokens at a layer of the language model.

    Args:
        teacher: a model of stride 1; not changed.
        processor: its processor; all placeholders are written, since the first layers see all tokens.
        keep: share of a conversation's visual tokens that stay.
        layer: index of the first layer that sees fewer tokens; 2 in the paper.

    Returns:
        The reduced model, for inference only, and its processor.

    Raises:
        ValueError: the teacher is compressed already, the layer is out of range, or layers attend in windows.
    """
    reduced = with_compressor(teacher, nn.Identity(), f"fastv-{layer}-{keep:g}", 1, FastVModel)
    if any(DynamicCache(config=teacher.config.text_config).is_sliding):
        raise ValueError("FastV needs layers that attend to all tokens, some of this model's attend in windows")
    reduced.model.language_model = FastVLanguageModel(teacher.model.language_model, layer, keep).train(teacher.training)
    return reduced, processor


def _layers(decoder: PreTrainedModel, first: int, last: int) -> PreTrainedModel:
    """A decoder of the layers ``first`` to ``last`` − 1 that shares their weights; only the last layer's norm stays."""
    part = shared_copy(decoder)
    if last < len(part.layers):
        part.norm = nn.Identity()
    part.layers = part.layers[first:last]
    part.config.num_hidden_layers = last - first
    for index, layer in enumerate(part.layers):
        layer.self_attn.layer_idx = index  # its place in the caches of ``layers_of_cache``
    return part
