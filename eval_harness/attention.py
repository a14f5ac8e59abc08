"""How much an answer attends to each visual token, and where on the page these tokens lie (the paper's Figure 6).

The attention is the mean over layers, heads and the tokens of the answer. Paper: https://arxiv.org/abs/2502.18512.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import fmean

import torch
from transformers import DynamicCache, PreTrainedModel

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, square_window

_CHUNK = 32
"""Tokens of the answer whose attention is in memory at one time: chunk × prompt numbers for each head and layer."""


def answer_attention(
    model: FCoTVLForConditionalGeneration,
    inputs: Mapping[str, torch.Tensor],
    answer: torch.Tensor,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Share of its attention that an answer pays each visual token.

    The prompt passes the model in its usual way. Then the tokens that the answer was chosen at, the prompt's last one
    and all of the answer but its last, attend to the cached prompt with eager attention, which tells its weights.

    Args:
        model: of any stride.
        inputs: of one conversation without padding, as the processor makes them: ``input_ids`` ``[1, prompt]`` and
            ``pixel_values`` ``[tiles, 3, size, size]``.
        answer: ids of the answer's tokens, ``[answer]``; need not be what the model says.
        weights: how much each of these tokens counts, ``[answer]``; all the same by default. Only their proportions
            matter.

    Returns:
        ``[visual tokens]`` in the order of the prompt, in float32; the sum is at most 1, the rest goes to text.

    Raises:
        ValueError: the answer or the prompt's images are missing.
    """
    prompt = inputs["input_ids"]
    if len(answer) == 0:
        raise ValueError("an empty answer attends to nothing")
    visual = prompt[0] == model.config.image_token_id  # [prompt]
    if not visual.any():
        raise ValueError("there is no image to attend to")
    cache = DynamicCache(config=model.config.text_config)
    said = answer.to(prompt.device)
    asked = torch.cat([prompt[0, -1:], said[:-1]])  # [answer]
    total = torch.zeros(int(visual.sum()), device=prompt.device)
    counts = torch.ones(len(said)) if weights is None else weights
    counts = (counts / counts.sum()).to(prompt.device, torch.float32)  # [answer]
    decoder = model.model.language_model
    with torch.inference_mode():
        # the cache is given by position: transformers 5.24 changed its name
        model.model(prompt[:, :-1], inputs["pixel_values"], None, None, cache, use_cache=True)
        with eager_attention(decoder):
            for chunk, count in zip(asked.split(_CHUNK), counts.split(_CHUNK), strict=True):
                layers = decoder(chunk[None], None, None, cache, use_cache=True, output_attentions=True).attentions
                for layer in layers:  # [1, heads, chunk, cached]
                    seen = layer[0, :, :, : len(visual) - 1][..., visual[:-1]]
                    total += count @ seen.float().mean(dim=0) / len(layers)
    return total


def even_share(visual: int, prompt: int, answer: int) -> float:
    """Share of its attention that an answer would pay all visual tokens if it looked everywhere alike.

    The mean of visual / (prompt + i) over the answer's tokens: the i-th, from 0, is chosen at a position that sees the
    prompt and the i tokens said before.

    Args:
        visual: visual tokens in the prompt.
        prompt: tokens of the prompt, visual ones included.
        answer: tokens of the answer, at least one.
    """
    return fmean(visual / (prompt + said) for said in range(answer))


@contextmanager
def eager_attention(decoder: PreTrainedModel) -> Iterator[None]:
    """Let a language model compute its attention weights one by one for as long as the block runs."""
    before = decoder.config._attn_implementation
    decoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        decoder.set_attn_implementation(before)


def token_window(config: FCoTVLConfig) -> tuple[int, int]:
    """Height and width of what a visual token stands for, in tokens of the teacher.

    Args:
        config: the model's.

    Raises:
        ValueError: the tokens of its compressor have no place on the page, as learned queries have none.
    """
    kind, stride = config.compressor_type, config.compressor_stride
    if kind in ("none", "mean", "conv1d"):
        return 1, stride
    if kind == "conv2d":
        return square_window(stride)
    raise ValueError(f"the visual tokens of {kind!r} have no place on the page; attention is drawn for conv1d and mean")


def page_heat(shares: torch.Tensor, columns: int, rows: int, window: tuple[int, int]) -> torch.Tensor:
    """Lay the shares of an image's visual tokens on its page, those of tiles and thumbnail on top of each other.

    The page is a grid of the tokens that a teacher has for its tiles, so that strides can be compared. A token spreads
    its share evenly over what it stands for: its window of a tile, or, in the thumbnail, a larger part of the page.

    Args:
        shares: of each tile's tokens, ``[tiles, tokens]``; tiles row by row, then the thumbnail if there are several.
        columns: tiles side by side.
        rows: tiles above each other.
        window: height and width of what a token stands for, see ``token_window``.

    Returns:
        ``[rows · g, columns · g]`` for tiles of g × g teacher tokens; the sum is that of ``shares``.
    """
    height, width = window
    tiles, tokens = shares.shape
    side = math.isqrt(tokens * height * width)  # g
    grid = shares.reshape(tiles, side // height, side // width) / (height * width)
    grid = grid.repeat_interleave(height, 1).repeat_interleave(width, 2)  # [tiles, g, g]
    cut = grid[: rows * columns].reshape(rows, columns, side, side)
    page = cut.transpose(1, 2).reshape(rows * side, columns * side)
    if tiles > rows * columns:
        page = page + grid[-1].repeat_interleave(rows, 0).repeat_interleave(columns, 1) / (rows * columns)
    return page
