"""A key-value cache whose later layers hold fewer tokens than its first ones.

``generate`` makes an ordinary ``DynamicCache``. Its layers may have any length, and what reads it looks at the first
layer, which holds all tokens. Only the padding of the shorter layers has to be remembered.
"""

from typing import Any

import torch
import transformers
from packaging.version import Version
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

CACHE = "cache" if Version(transformers.__version__) >= Version("5.24") else "past_key_values"
"""What transformers calls the cache in calls and outputs."""


class MaskedLayer(DynamicLayer):
    """A layer that knows which of its tokens are padding, ``mask`` ``[rows, cached]``."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: torch.Tensor | None = None

    def see(self, mask: torch.Tensor) -> torch.Tensor:
        """Note new tokens.

        Args:
            mask: theirs, ``[rows, new]``.

        Returns:
            The mask of all, ``[rows, cached + new]``.
        """
        self.mask = mask if self.mask is None else torch.cat([self.mask, mask], dim=1)
        return self.mask

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self.mask = None

    def crop(self, tokens_to_remove: int) -> None:
        """Refuse: the layers differ in length, so nothing tells what to remove.

        Raises:
            ValueError: always.
        """
        raise ValueError("a reduced sequence cannot be taken back: no assisted decoding with FastV")

    def reorder_cache(self, beam_idx: torch.LongTensor) -> None:
        """Follow the beams."""
        super().reorder_cache(beam_idx)
        self.batch_rows(beam_idx)

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each row."""
        super().batch_repeat_interleave(repeats)
        if self.mask is not None:
            self.mask = self.mask.repeat_interleave(repeats, dim=0)

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep some rows."""
        super().batch_select_indices(indices)
        self.batch_rows(indices)

    def batch_rows(self, rows: torch.Tensor) -> None:
        """Keep the mask of some rows, in their order."""
        if self.mask is not None:
            self.mask = self.mask[rows.to(self.mask.device)]


def cut_cache(cache: DynamicCache, layer: int, rest: int) -> None:
    """Give an empty cache layers for a decoder that shortens its sequence.

    Args:
        cache: as ``generate`` makes it.
        layer: how many layers hold all tokens.
        rest: how many hold fewer.

    Raises:
        ValueError: its layers are of a fixed length, quantized or offloaded.
    """
    if (
        type(cache) is not DynamicCache
        or cache.offloading
        or any(type(each) is not DynamicLayer for each in cache.layers)
    ):
        raise ValueError(f"FastV needs a plain DynamicCache, not {cache}; leave cache_implementation out")
    cache.layers = [DynamicLayer() for _ in range(layer)] + [MaskedLayer() for _ in range(rest)]


def layers_of_cache(cache: Cache, first: int, last: int | None) -> dict[str, Any]:
    """Some layers of a cache as a cache of their own that grows together with it, under the name to pass it by."""
    return {CACHE: Cache(layers=cache.layers[first:last])}
