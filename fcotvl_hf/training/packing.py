"""Which rows share a sequence: a pure function over their sizes.

Rows of an image-text mix differ in length by a factor of fifty, so a batch padded to its longest row is a good part
padding. Several rows in one sequence of at most ``context_length`` tokens waste almost nothing (the paper packs too,
https://arxiv.org/abs/2502.18512, table 6). Rows are never cut: an image without some of its placeholders is an error.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key")

WINDOW = 64
"""Rows to choose from by default; more would fill sequences hardly better."""


class RowSize(NamedTuple):
    """What a row costs, or what a pack may cost.

    Args:
        tokens: in the language model, visual tokens among them.
        tiles: in the vision tower.
    """

    tokens: int
    tiles: int

    def fits(self, room: "RowSize") -> bool:
        """Whether there is room for it."""
        return self.tokens <= room.tokens and self.tiles <= room.tiles

    def after(self, taken: "RowSize") -> "RowSize":
        """The room that is left."""
        return RowSize(self.tokens - taken.tokens, self.tiles - taken.tiles)


class Entry(NamedTuple, Generic[Key]):
    """A row that waits; waiting rows are sorted by this, long ones first, then the older first."""

    minus_tokens: int
    arrival: int
    size: RowSize
    key: Key


def pack_rows(
    rows: Iterable[tuple[Key, RowSize]], limit: RowSize, window: int = WINDOW
) -> Iterator[list[tuple[Key, RowSize]]]:
    """Group rows into packs, looking at no more than ``window`` rows at a time.

    The row that has waited longest starts a pack, so none waits forever. Each waiting row is tried as the second one,
    the others follow by first-fit-decreasing, and the fullest pack wins. The same rows in the same order always give
    the same packs.

    Args:
        rows: name and size of each row; may be endless, and is read only as far as needed.
        limit: what a pack may hold.
        window: how many rows to choose from.

    Yields:
        The rows of a pack, at least one.

    Raises:
        ValueError: ``window`` is not positive, or a row exceeds the limit on its own.
    """
    if window < 1:
        raise ValueError(f"the window must hold at least one row, not {window}")
    waiting: list[Entry[Key]] = []
    for arrival, (key, size) in enumerate(rows):
        if not size.fits(limit):
            raise ValueError(f"row {key} of {size.tokens} tokens and {size.tiles} tiles exceeds the limit of a pack")
        insort(waiting, Entry(-size.tokens, arrival, size, key))
        if len(waiting) == window:
            yield _take_pack(waiting, limit)
    while waiting:
        yield _take_pack(waiting, limit)


def _take_pack(waiting: list[Entry[Key]], limit: RowSize) -> list[tuple[Key, RowSize]]:
    """Remove the rows of the next pack from those that wait."""
    oldest = waiting.pop(min(range(len(waiting)), key=lambda index: waiting[index].arrival))
    room = limit.after(oldest.size)
    best, least = [], room.tokens
    for second in range(_first_fitting(waiting, room.tokens), len(waiting)):
        if waiting[second].size.fits(room):
            chosen, left = _fill(waiting, room, second)
            if left < least:
                best, least = chosen, left
        if least == 0:
            break
    others = [waiting.pop(index) for index in sorted(best, reverse=True)]
    return [(entry.key, entry.size) for entry in (oldest, *reversed(others))]


def _fill(waiting: list[Entry[Key]], room: RowSize, second: int) -> tuple[list[int], int]:
    """Take the row ``second``, then the longest that fits, again and again; the indices and the tokens left."""
    tokens, tiles = room.after(waiting[second].size)
    taken, index = [second], _first_fitting(waiting, tokens)
    while tokens and index < len(waiting):
        size = waiting[index].size
        if size.tokens <= tokens and size.tiles <= tiles and index != second:
            taken.append(index)
            tokens, tiles = tokens - size.tokens, tiles - size.tiles
            index = max(index + 1, _first_fitting(waiting, tokens))
        else:
            index += 1
    return taken, tokens


def _first_fitting(waiting: list[Entry[Key]], tokens: int) -> int:
    """Index of the longest waiting row of at most ``tokens`` tokens."""
    return bisect_left(waiting, (-tokens,))
