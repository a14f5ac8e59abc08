"""What a data set is made of: splits of configurations whose rows are pure functions of their indices."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
"""``id, images, messages, source, task, meta``; an image is open (see ``rendering.encode``) or a file's bytes."""

SMALLEST_SHARD, LARGEST_SHARD = 8, 256
"""Indices of a shard: so few that no process waits long for another's last one, enough for millions of rows."""


@dataclass(frozen=True)
class Dropped:
    """Stands for a row that was not to be had.

    Args:
        reason: a few words; the card counts rows dropped for the same reason.
    """

    reason: str


RowMaker = Callable[[range], Iterable[Row | Dropped]]
"""Makes the rows of a range of indices, the same whenever it is asked. Must pickle: a function or a partial of one."""


@dataclass(frozen=True)
class Drawn:
    """The ``RowMaker`` of rows that are drawn one by one.

    Args:
        draw: index → row; must pickle.
    """

    draw: Callable[[int], Row | Dropped]

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        return map(self.draw, indices)


@dataclass(frozen=True)
class Part:
    """A split of a configuration.

    Args:
        config: name of the configuration, and of its folder.
        split: ``"train"``, ``"test"`` …
        size: how many indices it has; an index may give a row, several or none.
        rows: makes the rows.
    """

    config: str
    split: str
    size: int
    rows: RowMaker = field(repr=False, compare=False)

    def shards(self) -> "list[Shard]":
        """The part cut up, which depends on its size alone."""
        step = min(LARGEST_SHARD, max(SMALLEST_SHARD, -(-self.size // 8)))
        starts = range(0, self.size, step)
        return [
            Shard(self, number, len(starts), range(start, min(start + step, self.size)))
            for number, start in enumerate(starts)
        ]


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a part.

    Args:
        part: what it is cut from.
        number: which of the part's shards, from 0.
        count: how many shards the part has.
        indices: those of its rows.
    """

    part: Part
    number: int
    count: int
    indices: range

    @property
    def path(self) -> str:
        """Where the file lies in the data set's folder."""
        return f"{self.part.config}/{self.part.split}-{self.number:05d}-of-{self.count:05d}.parquet"
