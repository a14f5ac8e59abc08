"""Which part of a page each visual token stands for, as lines to lay over it."""

import math
from dataclasses import dataclass

from fcotvl_hf.cost.tokens import tiling_of


@dataclass(frozen=True)
class TokenGrid:
    """The tokens of the tiles that a page is cut into.

    Args:
        label: what it is called where it can be chosen.
        columns: tokens side by side.
        rows: tokens above each other.
        tile_columns: tiles side by side.
        tile_rows: tiles above each other.
    """

    label: str
    columns: int
    rows: int
    tile_columns: int
    tile_rows: int

    @property
    def lines(self) -> str:
        """Borders of the tokens as an SVG path over a page of 1 × 1."""
        return _grid(self.columns, self.rows)

    @property
    def tile_lines(self) -> str:
        """Borders of the tiles likewise."""
        return _grid(self.tile_columns, self.tile_rows)


def token_grid(
    label: str,
    size: tuple[int, int],
    tokens: int,
    window: tuple[int, int],
    tile_size: int,
    min_tiles: int,
    max_tiles: int,
) -> TokenGrid:
    """The grid of a page.

    Args:
        label: what to call it.
        size: width and height of the page in pixels.
        tokens: of a tile.
        window: height and width of a token, in tokens of the teacher; see ``attention.token_window``.
        tile_size: side of a tile in pixels.
        min_tiles: fewest tiles.
        max_tiles: most tiles.
    """
    height, width = window
    side = math.isqrt(tokens * height * width)  # the teacher's tokens in a row of a tile
    cut = tiling_of(*size, tile_size=tile_size, min_tiles=min_tiles, max_tiles=max_tiles)
    return TokenGrid(label, cut.columns * side // width, cut.rows * side // height, cut.columns, cut.rows)


def _grid(columns: int, rows: int) -> str:
    across = "".join(f"M0 {row / rows:.5g}H1" for row in range(rows + 1))
    return across + "".join(f"M{column / columns:.5g} 0V1" for column in range(columns + 1))
