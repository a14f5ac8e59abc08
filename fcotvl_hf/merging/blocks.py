"""One tensor of several checkpoints, a block of numbers at a time, so that its size does not matter."""

from collections.abc import Iterator, Sequence
from math import prod

import torch

from .sources import Source

BLOCK = 1 << 19
"""Numbers of a tensor that are in memory at once, for each checkpoint: few enough for a core's cache."""


class Blocks:
    """The numbers of one tensor in several checkpoints, as often as a method wants to go through them.

    A tensor of a single block is kept, so it is read once however often it is gone through.

    Args:
        name: of the tensor.
        sources: the rows.
        size: numbers of a row that a block has at most.

    Yields:
        Blocks ``[rows, numbers]`` in float32, in float64 for tensors of that type. Not to be changed.
    """

    def __init__(self, name: str, sources: Sequence[Source], size: int = BLOCK) -> None:
        self._name, self._sources, self._size = name, sources, size
        self._count = prod(sources[0].specs[name].shape)
        self._dtype = torch.float32
        for source in sources:
            self._dtype = torch.promote_types(self._dtype, source.specs[name].dtype)
        self._kept: torch.Tensor | None = None

    def __iter__(self) -> Iterator[torch.Tensor]:
        if self._count <= self._size:
            if self._kept is None:
                self._kept = self._read(0, self._count)
            yield self._kept
            return
        for first in range(0, self._count, self._size):
            yield self._read(first, min(self._size, self._count - first))

    def _read(self, first: int, count: int) -> torch.Tensor:
        block = torch.empty(len(self._sources), count, dtype=self._dtype)
        for row, source in zip(block, self._sources, strict=True):
            row.copy_(source.read(self._name, first, count))
        return block
