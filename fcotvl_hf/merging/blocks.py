"""One tensor of several checkpoints, a block of numbers at a time, so that its size does not matter."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
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
        readers: reads the rows of a block side by side; reading and hashing let other threads run.
        size: numbers of a row that a block has at most.

    Yields:
        Blocks ``[rows, numbers]`` in float32, in float64 for tensors of that type. Not to be changed.
    """

    def __init__(self, name: str, sources: Sequence[Source], readers: Executor, size: int = BLOCK) -> None:
        self._name, self._sources, self._readers, self._size = name, sources, readers, size
        self._count = prod(sources[0].specs[name].shape)
        self._dtype = torch.float32
        for source in sources:
            self._dtype = torch.promote_types(self._dtype, source.specs[name].dtype)
        self._kept: torch.Tensor | None = None

    def __iter__(self) -> Iterator[torch.Tensor]:
        if self._kept is not None:
            yield self._kept
            return
        coming = self._ask(0)
        for first in range(0, self._count, self._size):
            block = self._join(coming, min(self._size, self._count - first))
            coming = self._ask(first + self._size)  # while this block is merged; files are hashed in order
            if self._count <= self._size:
                self._kept = block
            yield block

    def _ask(self, first: int) -> Iterator[torch.Tensor]:
        """Start to read a block: one part for each row, ``[numbers]``, in the order of the rows."""
        count = max(0, min(self._size, self._count - first))
        return self._readers.map(lambda source: source.read(self._name, first, count), self._sources if count else ())

    def _join(self, parts: Iterator[torch.Tensor], count: int) -> torch.Tensor:
        """The rows in the common type, ``[rows, numbers]``."""
        block = torch.empty(len(self._sources), count, dtype=self._dtype)
        for row, part in zip(block, parts, strict=True):
            row.copy_(part)
        return block
