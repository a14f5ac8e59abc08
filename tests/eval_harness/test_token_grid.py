"""The lines over a page lie where the image processor cuts it and where the compressor merges."""

import pytest

from fcotvl_hf.eval_harness.token_grid import token_grid


@pytest.mark.parametrize(
    ("tokens", "window", "across"), [(16, (1, 1), 4), (8, (1, 2), 2), (4, (1, 4), 1), (4, (2, 2), 2)]
)
def test_a_token_covers_its_window(tokens: int, window: tuple[int, int], across: int) -> None:
    grid = token_grid("s", (224, 112), tokens, window, 112, 1, 4)
    assert (grid.tile_columns, grid.tile_rows) == (2, 1)
    assert grid.columns == 2 * across
    assert grid.columns * grid.rows == 2 * tokens
    assert grid.tile_lines == "M0 0H1M0 1H1M0 0V1M0.5 0V1M1 0V1"
