"""SDPA over packed rows, row by row: what a block-diagonal mask would throw away is never computed.

With a mask, SDPA multiplies whole sequences and keeps a few blocks of the product, so attention would cost as much as
in one row of that length. The same result comes from one causal call per row, which needs no mask and so gets the
fastest kernel. Flash attention does so by itself.
"""

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "sdpa_by_row"


def attend_row_by_row(model: PreTrainedModel) -> None:
    """Let the language model attend row by row, if it attends by SDPA.

    Args:
        model: an ``FCoTVLForConditionalGeneration``; what is saved of it stays the same.
    """
    if model.config.get_text_config()._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, torch.compiler.disable(sdpa_by_row))  # its loop changes with each batch
        AttentionMaskInterface.register(NAME, _mask)
        model.set_attn_implementation({"text_config": NAME})


def sdpa_by_row(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of a layer, the interface of transformers' ``AttentionInterface``.

    Args:
        module: the layer's attention.
        query: ``[batch, heads, length, width of a head]``.
        key: ``[batch, key heads, length, width of a head]``.
        value: as ``key``.
        attention_mask: with one, transformers' own SDPA follows.
        **kwargs: ``position_ids`` ``[batch, length]``, 0 where a row begins, and whatever SDPA takes.

    Returns:
        ``[batch, length, heads, width of a head]``, and no weights.
    """
    spans = None if attention_mask is not None else _spans(kwargs.get("position_ids"))
    if spans is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    pieces = []
    for pack, start, end in spans:
        q, k, v = (part[pack : pack + 1, :, start:end] for part in (query, key, value))
        pieces.append(
            sdpa_attention_forward(module, q, k, v, None, **kwargs)[0]
        )  # [1, tokens of the row, heads, width]
    return torch.cat(pieces, dim=1).view(query.shape[0], query.shape[2], *pieces[0].shape[2:]), None


def _spans(position_ids: torch.Tensor | None) -> list[tuple[int, int, int]] | None:
    """Pack, start and end of each row; ``None`` where no sequence holds more than one."""
    if position_ids is None:
        return None
    packs, length = position_ids.shape
    begins = (position_ids == 0).nonzero().tolist()
    if len(begins) <= packs:
        return None
    ends = [start for _, start in begins[1:]] + [length]
    return [(pack, start, end or length) for (pack, start), end in zip(begins, ends, strict=True)]


def _mask(attention_mask: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor | None:
    """SDPA's mask for padded batches; packed rows need none."""
    return None if attention_mask is None else sdpa_mask(attention_mask=attention_mask, **kwargs)
