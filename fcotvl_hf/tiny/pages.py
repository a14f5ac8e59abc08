"""Endless streams of training batches, drawn by one worker process while the model trains."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

Batch = dict[str, torch.Tensor]


class PageStream(IterableDataset[Batch]):
    """Batches made from consecutive seeds, so that a stage resumed at step n sees what it would have seen.

    Pages are drawn in pools and pools are split into batches, which lets a pool group pages of equal size.

    Args:
        make_pool: pure function from a pool's number to its batches.
        per_pool: how many batches that function returns.
        first: the step to start at.
    """

    def __init__(self, make_pool: Callable[[int], list[Batch]], per_pool: int, first: int) -> None:
        self.make_pool, self.per_pool, self.first = make_pool, per_pool, first

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        pool, skip = divmod(self.first, self.per_pool)
        while True:
            yield from self.make_pool(pool)[skip:]
            pool, skip = pool + 1, 0


def stream(make_pool: Callable[[int], list[Batch]], per_pool: int, first: int) -> DataLoader[Any]:
    """A loader over ``PageStream`` whose batches come from one worker process."""
    return DataLoader(PageStream(make_pool, per_pool, first), batch_size=None, num_workers=1, prefetch_factor=8)
