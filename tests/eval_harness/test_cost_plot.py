"""Names of points do not overlap, and none hides a point."""

from itertools import pairwise

import pytest

from fcotvl_hf.eval_harness.cost_plot import moved_apart


@pytest.mark.parametrize(
    "heights", [[0.1, 0.1, 0.1, 0.5], [0, 0, 0.97, 1], [0.5], [0.4, 0.41, 0.42, 0.43, 0.9, 0.9], [1, 1, 1]]
)
def test_neighbours_keep_their_distance(heights: list[float]) -> None:
    placed = moved_apart(heights, 0.05, 0.02, 0.98)
    assert all(right - left > 0.05 - 1e-9 for left, right in pairwise(placed))
    assert placed[0] > 0.02 - 1e-9 and placed[-1] < 0.98 + 1e-9


def test_what_has_room_stays_where_it_is() -> None:
    assert moved_apart([0.1, 0.3, 0.7], 0.05, 0, 1) == [0.1, 0.3, 0.7]
