"""The loss of each data set of a mixture, over all processes: for the log, and for post-training sampling."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from accelerate.utils import gather_object

Sums = dict[str, list[float]]  # source → loss, response tokens


class SourceLosses:
    """Sums of the losses of response tokens by source, since the last log line and over an epoch."""

    def __init__(self) -> None:
        self._new: Sums = {}  # of this process, not yet gathered
        self._logged: Sums = {}  # of all processes since the last log line
        self.epoch: Sums = {}  # of all processes in this epoch

    def add(self, losses: torch.Tensor, counted: torch.Tensor, row_of: torch.Tensor, sources: Sequence[str]) -> None:
        """Add a batch.

        Args:
            losses: of the tokens to predict, ``[batch, length - 1]``, zero where they do not count.
            counted: whether they count, same shape.
            row_of: index into ``sources`` of each row, ``[batch]``; where several rows share a sequence, of each
                token, ``[batch, length]``, -1 for padding.
            sources: the data set of each row; "" for none.
        """
        rows = row_of[:, None].expand(-1, losses.shape[1]) if row_of.dim() == 1 else row_of[:, 1:]
        added = losses[counted].float()
        sums = added.new_zeros(2, len(sources))  # losses and tokens of each row
        sums.index_add_(1, rows[counted], torch.stack([added, torch.ones_like(added)]))
        _merge(self._new, zip(sources, sums.T.tolist(), strict=True))

    def gather(self) -> None:
        """Add up what all processes have seen; every process must call it."""
        for sums in gather_object([self._new]):
            _merge(self._logged, sums.items())
            _merge(self.epoch, sums.items())
        self._new = {}

    def take_logged(self) -> dict[str, float]:
        """Mean loss of each source since the last call; every process must call it."""
        self.gather()
        logged, self._logged = self._logged, {}
        return means(logged)


def means(sums: Sums) -> dict[str, float]:
    """Mean loss per response token of each source that has any, in alphabetical order."""
    return {source: loss / tokens for source, (loss, tokens) in sorted(sums.items()) if tokens}


def _merge(into: Sums, more: Iterable[tuple[str, Any]]) -> None:
    for source, (loss, tokens) in more:
        if source:
            before = into.get(source, [0.0, 0.0])
            into[source] = [before[0] + loss, before[1] + tokens]
