"""How many tiles and visual tokens a picture becomes, from its size alone.

InternVL2's dynamic tiling: of all grids with at most ``max_tiles`` tiles take the one whose aspect ratio is nearest to
the picture's, the finer one of equals while the picture has pixels for half of it; with more than one tile a thumbnail
of the whole comes last (InternVL 1.5, https://arxiv.org/abs/2404.16821).
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut.

    Args:
        columns: tiles side by side.
        rows: tiles above each other.
    """

    columns: int
    rows: int

    @property
    def tiles(self) -> int:
        """Tiles the vision tower sees: the grid, and a thumbnail if the grid has more than one tile."""
        grid = self.columns * self.rows
        return grid + 1 if grid > 1 else 1


def tiling_of(width: int, height: int, *, tile_size: int = 448, min_tiles: int = 1, max_tiles: int = 12) -> Tiling:
    """Choose the grid for a picture.

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        tile_size: side of a tile in pixels.
        min_tiles: fewest tiles of the grid (the image processor's ``min_patches``).
        max_tiles: most tiles of the grid, the thumbnail not counted (``max_patches``).

    Raises:
        ValueError: a size is not positive, or ``min_tiles`` exceeds ``max_tiles``.
    """
    if min(width, height, tile_size) < 1:
        raise ValueError(f"sizes must be positive, not {width} × {height} pixels in tiles of {tile_size}")
    if not 1 <= min_tiles <= max_tiles:
        raise ValueError(f"min_tiles={min_tiles} and max_tiles={max_tiles} leave no grid to choose")
    if max_tiles == 1:
        return Tiling(1, 1)
    best, nearest = Tiling(1, 1), float("inf")
    for grid in _grids(min_tiles, max_tiles):
        distance = abs(width / height - grid.columns / grid.rows)
        fills_half = width * height > 0.5 * tile_size**2 * grid.columns * grid.rows
        if distance < nearest or (distance == nearest and fills_half):
            best, nearest = grid, distance
    return best


def visual_tokens(tiles: int, image_seq_length: int) -> int:
    """Tokens that ``tiles`` tiles take in the language model, at ``image_seq_length`` each."""
    return tiles * image_seq_length


def stride_of_compression(compression: float) -> int:
    """The stride that removes a share ``compression`` of the visual tokens: compression = 1 − 1/stride.

    Raises:
        ValueError: no stride of 2, 4, 8 or 16 removes that share.
    """
    strides = {1 - 1 / stride: stride for stride in (2, 4, 8, 16)}
    for share, stride in strides.items():
        if abs(compression - share) < 1e-6:
            return stride
    shares = ", ".join(f"{share:g} (stride {stride})" for share, stride in strides.items())
    raise ValueError(f"compression {compression:g} is not 1 - 1/stride; choose one of {shares}")


@cache
def _grids(min_tiles: int, max_tiles: int) -> list[Tiling]:
    """All grids with ``min_tiles`` to ``max_tiles`` tiles, smaller ones first, then by columns."""
    sides = range(1, max_tiles + 1)
    grids = [Tiling(columns, rows) for columns in sides for rows in sides if min_tiles <= columns * rows <= max_tiles]
    return sorted(grids, key=lambda grid: grid.columns * grid.rows)
