"""A rival that may look anywhere in the tile: one cross-attention with learned queries.

After Q-Former (https://arxiv.org/abs/2301.12597). What a single block beside the projector does not need is
left out: the feed-forward part, since the projector is one, and the query projection, since a
projected constant is another constant.
"""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import initialization as init

from .compressor_fcotvl import Compressor, by_window
from .configuration_fcotvl import FCoTVLConfig

OUTSIDE = -10.0
"""Where the position bias starts outside a query's window: all of it together gets less than 1 % of the attention."""


class QFormerCompressor(Compressor):
    """N / stride learned queries attend to the N tokens of their tile, with heads as wide as the vision tower's.

    Each head learns how much each query cares for each place in the tile, added to the scores. It starts with a
    window of ``stride`` neighbours in a row for each query, and values pass unchanged: an untrained student is close
    to the mean-pooled one, though not equal to it. Neither keys, their norm nor values have a bias: adding the same to
    all of them changes no attention, or nothing that the output's bias does not.
    """

    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__()
        width, length = config.compressor_width, config.tokens_per_row**2
        self.stride = config.compressor_stride
        self.head_dim = config.vision_config.hidden_size // config.vision_config.num_attention_heads
        self.queries = nn.Parameter(torch.empty(length // self.stride, width))
        self.position_bias = nn.Parameter(torch.empty(width // self.head_dim, length // self.stride, length))
        self.norm = nn.LayerNorm(width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width)
        self.reset_parameters()

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        queries = self._split(self.queries.expand(len(tokens), -1, -1))  # [tiles, heads, N/r, head_dim]
        keys, values = self._split(self.key(self.norm(tokens))), self._split(self.value(tokens))
        merged = scaled_dot_product_attention(queries, keys, values, attn_mask=self.position_bias[None])
        return self.output(merged.transpose(1, 2).flatten(2))  # [tiles, N/r, width]

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Attend evenly inside a window of a row, pass values unchanged, start queries and keys with small noise."""
        for small in (self.queries, self.key.weight):
            init.normal_(small, std=0.02)
        for linear in (self.value, self.output):
            width, like = len(linear.weight), linear.weight
            init.copy_(linear.weight, torch.eye(width, dtype=like.dtype, device=like.device))
        init.ones_(self.norm.weight)
        init.zeros_(self.output.bias)
        length = self.position_bias.shape[2]
        places = torch.arange(length, device=self.position_bias.device).reshape(1, length, 1)
        windows = by_window(places, 1, self.stride)[0, :, :, 0]  # [N/r, r], the places in each query's window
        bias = torch.full_like(self.position_bias[0], OUTSIDE).scatter_(1, windows, 0.0)
        init.copy_(self.position_bias, bias.expand_as(self.position_bias))

    def _split(self, tokens: torch.Tensor) -> torch.Tensor:
        """``[tiles, length, width]`` → ``[tiles, heads, length, head_dim]``."""
        return tokens.unflatten(2, (-1, self.head_dim)).transpose(1, 2)
