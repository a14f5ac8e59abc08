"""Draw rows so that each data set comes up with its probability; the same rows on any number of processes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch.utils.data import Sampler


class SourceSampler(Sampler[int]):
    """Indices of one epoch: as many as there are rows, each data set in its quota, in random order.

    A quota below the rows of a data set takes some of them, others in the next epoch; above, all of them and some a
    second time. The indices are a function of seed, epoch and probabilities, so a resumed run, or one on more
    processes, sees the same.

    Args:
        sources: the data set of each row.
        seed: of the order.
        probabilities: data set → probability; the shares by default.

    Raises:
        ValueError: the probabilities are for other data sets, or sum to nothing.
    """

    def __init__(self, sources: Sequence[str], seed: int, probabilities: Mapping[str, float] | None = None) -> None:
        self.seed = seed
        self.epoch = 0
        self._indices: dict[str, list[int]] = defaultdict(list)
        for index, source in enumerate(sources):
            self._indices[source].append(index)
        self.rows = dict(sorted(Counter(sources).items()))
        self.set_probabilities(self.rows if probabilities is None else probabilities)

    def __len__(self) -> int:
        return sum(self.rows.values())

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose indices come next."""
        self.epoch = epoch

    def set_probabilities(self, probabilities: Mapping[str, float]) -> None:
        """Choose the probabilities from the next epoch on; see the class."""
        if set(probabilities) != set(self.rows):
            raise ValueError(f"probabilities of {sorted(probabilities)}, but the rows come from {sorted(self.rows)}")
        total = sum(probabilities.values())
        if min(probabilities.values()) < 0 or not 0 < total < float("inf"):
            raise ValueError(f"not probabilities: {dict(probabilities)}")
        self.probabilities = {source: probabilities[source] / total for source in self.rows}

    def quotas(self) -> dict[str, int]:
        """Rows of each data set in an epoch; those that rounding leaves over go to the largest remainders."""
        exact = {source: probability * len(self) for source, probability in self.probabilities.items()}
        quotas = {source: int(value) for source, value in exact.items()}
        by_remainder = sorted(exact, key=lambda source: quotas[source] - exact[source])
        for source in by_remainder[: len(self) - sum(quotas.values())]:
            quotas[source] += 1
        return quotas

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        chosen: list[int] = []
        for source, quota in self.quotas().items():
            own = self._indices[source]
            passes, rest = divmod(quota, len(own))
            some = torch.randperm(len(own), generator=generator)[:rest].tolist()
            chosen += own * passes + [own[place] for place in some]
        return iter([chosen[place] for place in torch.randperm(len(chosen), generator=generator).tolist()])
