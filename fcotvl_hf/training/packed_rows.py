"""Packs as the samples of a run: every loader, process and resumed run sees the same packs in the same order."""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import Any

import torch
from torch.utils.data import Dataset, Sampler

from .packing import RowSize, pack_rows
from .row_sizes import RowSizes
from .skipping import ReadableRows, UnreadableRow

Pack = tuple[int | UnreadableRow, ...]
"""Rows by their number, and what stands for those that cannot be packed."""

RowOrder = Callable[[int], Iterable[int]]
"""From the number of a pass over the data to the rows of that pass, in order; the same whenever it is asked."""


def row_order(size: int, shuffled: bool, seed: int) -> RowOrder:
    """All rows once in each pass.

    Args:
        size: number of rows.
        shuffled: another order in each pass, or as they are stored.
        seed: of the first pass; others add their number.
    """

    def order(number: int) -> Iterable[int]:
        if not shuffled:
            return range(size)
        return torch.randperm(size, generator=torch.Generator().manual_seed(seed + number)).tolist()

    return order


class PackSampler(Sampler[Pack]):
    """Draw packs of row numbers, one pass over the rows after the other; each pass is packed by itself.

    The stream is a pure function of order, sizes and limit: a resumed run skips what it has seen, and each of several
    processes takes its share of the same stream. A row that exceeds the limit or cannot be measured is never cut: what
    stands for it takes its place, for the collator to count.

    Args:
        order: which rows come when.
        sizes: how large they are.
        limit: tokens and tiles of a pack.
        packs: how many to draw, in as many passes as that takes; by default those of ``epochs`` passes, for which all
            rows are measured at once.
        epochs: passes to draw, maybe a fraction.

    Raises:
        ValueError: the limit is too small for anything.
    """

    def __init__(
        self, order: RowOrder, sizes: RowSizes, limit: RowSize, packs: int | None = None, epochs: float = 1.0
    ) -> None:
        if not sizes.blank.fits(limit):
            raise ValueError(
                f"context_length {limit.tokens} is too short: an empty row has {sizes.blank.tokens} tokens"
            )
        self.order = order
        self.sizes = sizes
        self.limit = limit
        self.packs = self._packs_in(epochs) if packs is None else packs
        self._drawn = self._tokens = 0

    def __len__(self) -> int:
        return self.packs

    def __iter__(self) -> Iterator[Pack]:
        self._drawn = self._tokens = 0
        endless = (pack for number in count() for pack in self._pass(number))
        for pack in islice(endless, self.packs):
            self._drawn += 1
            self._tokens += sum(size.tokens for _, size in pack)
            yield tuple(row for row, _ in pack)

    @property
    def fill(self) -> float:
        """Share of ``context_length`` that holds tokens, in the packs drawn so far."""
        return self._tokens / max(1, self._drawn * self.limit.tokens)

    def _packs_in(self, epochs: float) -> int:
        passes = math.ceil(epochs)
        packs = sum(1 for number in range(passes) for _ in self._pass(number))
        return math.ceil(packs * epochs / passes)

    def _pass(self, number: int) -> Iterator[list[tuple[int | UnreadableRow, RowSize]]]:
        return pack_rows(map(self._measured, self.order(number)), self.limit)

    def _measured(self, index: int) -> tuple[int | UnreadableRow, RowSize]:
        try:
            size = self.sizes[index]
        except Exception as error:  # whatever an image header or a chat template raises
            return UnreadableRow(str(index), f"{type(error).__name__}: {error}"), self.sizes.blank
        if size.fits(self.limit):
            return index, size
        reason = f"{size.tokens} tokens and {size.tiles} tiles, a pack holds {self.limit.tokens} and {self.limit.tiles}"
        return UnreadableRow(str(index), reason), self.sizes.blank


class PackedRows(Dataset[list[Any]]):
    """The rows of a pack as one sample.

    Args:
        rows: all rows.
        packs: samples in a run.
    """

    def __init__(self, rows: ReadableRows, packs: int) -> None:
        self.rows = rows
        self.packs = packs

    def __len__(self) -> int:
        return self.packs

    def __getitem__(self, pack: Pack) -> list[Any]:
        return [row if isinstance(row, UnreadableRow) else self.rows[row] for row in pack]
