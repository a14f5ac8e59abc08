"""The packer: nothing lost, nothing over the limit, full packs, the same ones whenever it is asked."""

import random
from itertools import count, islice

import pytest

from fcotvl_hf.training.packing import RowSize, pack_rows

LIMIT = RowSize(4096, 40)


def mixed_sizes(rows: int, seed: int = 0) -> list[tuple[int, RowSize]]:
    """Rows of up to 13 tiles of 128 tokens with text, some of text alone."""
    draw = random.Random(seed)
    tiles = [draw.choice((0, 1, 3, 7, 13)) for _ in range(rows)]
    return [(index, RowSize(128 * number + draw.randint(20, 700), number)) for index, number in enumerate(tiles)]


@pytest.mark.parametrize("window", [1, 7, 64])
def test_every_row_comes_once_and_packs_keep_their_limit(window) -> None:
    rows = mixed_sizes(500)
    packs = list(pack_rows(rows, LIMIT, window))
    assert sorted(row for pack in packs for row in pack) == rows
    for pack in packs:
        assert sum(size.tokens for _, size in pack) <= LIMIT.tokens
        assert sum(size.tiles for _, size in pack) <= LIMIT.tiles


def test_packs_are_full() -> None:
    packs = list(pack_rows(mixed_sizes(2000), LIMIT))
    tokens = sum(size.tokens for pack in packs for _, size in pack)
    assert tokens / (len(packs) * LIMIT.tokens) > 0.98
    assert len(list(pack_rows(mixed_sizes(2000), LIMIT, window=1))) == 2000  # no choice: a pack a row


def test_tiles_limit_packs_too() -> None:
    rows = [(index, RowSize(10, 4)) for index in range(30)]
    packs = list(pack_rows(rows, RowSize(1000, 10)))
    assert [len(pack) for pack in packs] == [2] * 15


def test_packs_depend_on_the_rows_alone_and_an_endless_stream_begins_alike() -> None:
    rows = mixed_sizes(1000)
    packs = list(pack_rows(rows, LIMIT))
    assert packs == list(pack_rows(iter(rows), LIMIT))
    endless = ((index, rows[index % 1000][1]) for index in count())
    assert list(islice(pack_rows(endless, LIMIT), 100)) == packs[:100]


def test_a_row_that_never_fits_best_is_packed_all_the_same() -> None:
    awkward = 20  # all others fill a pack in pairs
    rows = ((index, RowSize(1500 if index == awkward else 2048, 1)) for index in range(1000))
    packs = pack_rows(rows, LIMIT, window=16)
    assert awkward in {index for pack in islice(packs, awkward) for index, _ in pack}


def test_a_row_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="row 7 of 5000 tokens and 1 tiles exceeds"):
        list(pack_rows([(7, RowSize(5000, 1))], LIMIT))
    with pytest.raises(ValueError, match="row 8 of 50 tokens and 41 tiles exceeds"):
        list(pack_rows([(8, RowSize(50, 41))], LIMIT))
    with pytest.raises(ValueError, match="at least one row"):
        list(pack_rows([], LIMIT, window=0))
