"""Drawings on the page, as SVG: how it is cut, what a visual token covers, and where something was lost."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image

from fcotvl_hf.eval_harness.attention_pictures import tiling

from .family import Member

_WIDEST = 1024
"""Pixels of a shown page's longer side; larger ones are shrunk for the way to the browser."""

_FAINT = 0.04
"""Heat below this is left out."""


@dataclass(frozen=True)
class Grid:
    """How a member cuts a page into visual tokens.

    Args:
        columns: tiles side by side.
        rows: tiles above each other.
        tiles: all of them, the thumbnail included.
        per_tile: visual tokens of a tile.
        width: of what a token covers, in pixels of the page.
        height: the same upwards.
    """

    columns: int
    rows: int
    tiles: int
    per_tile: int
    width: float
    height: float


def grid_of(member: Member, page: Image.Image) -> Grid | None:
    """How a member cuts a page; ``None`` if its tokens have no place on the page."""
    if member.window is None:
        return None
    cut, side = tiling(member.processor, page), member.model.config.tokens_per_row
    down, across = member.window
    return Grid(
        cut.columns,
        cut.rows,
        cut.tiles,
        member.processor.image_seq_length,
        page.width / cut.columns / side * across,
        page.height / cut.rows / side * down,
    )


def grid_picture(page: Image.Image, grid: Grid, name: str) -> Markup:
    """The page with the borders of tiles and of what each visual token covers.

    Args:
        page: RGB.
        grid: how it is cut.
        name: of the model; sets the patterns of several pictures apart.
    """
    line = max(page.size) / 300
    cell = (
        Markup('<pattern id="cell-{0}" width="{1:.3f}" height="{2:.3f}" patternUnits="userSpaceOnUse">')
        + Markup('<rect width="{1:.3f}" height="{2:.3f}" class="cell" stroke-width="{3:.3f}"/></pattern>')
        + Markup('<rect width="{4}" height="{5}" fill="url(#cell-{0})"/>')
    ).format(name, grid.width, grid.height, line, page.width, page.height)
    tiles = Markup().join(
        Markup(
            '<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" class="tile" stroke-width="{:.3f}"/>'
        ).format(*box, 2.5 * line)
        for box in _boxes(page, grid.columns, grid.rows)
    )
    told = f"The page in {grid.columns} × {grid.rows} tiles and its visual tokens, as {name} sees it"
    return _drawing(page, cell + tiles, told)


def heat_picture(page: Image.Image, heat: Sequence[Sequence[float]], told: str) -> Markup:
    """The page under colour where the heat is.

    Args:
        page: RGB.
        heat: ``[rows][columns]`` evenly over the page, 0 to 1.
        told: what it shows, for those who cannot see it.
    """
    values = [value for row in heat for value in row]
    boxes = zip(values, _boxes(page, len(heat[0]), len(heat)), strict=True)
    cells = Markup().join(
        Markup('<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" class="heat" opacity="{:.2f}"/>').format(
            *box, 0.75 * value
        )
        for value, box in boxes
        if value > _FAINT
    )
    return _drawing(page, cells, told)


def _boxes(page: Image.Image, columns: int, rows: int) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, width and height of the cells of an even grid, row by row."""
    width, height = page.width / columns, page.height / rows
    return ((column * width, row * height, width, height) for row in range(rows) for column in range(columns))


def _drawing(page: Image.Image, shapes: Markup, told: str) -> Markup:
    return Markup(
        '<svg class="page" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">'
        '<image href="{3}" width="{0}" height="{1}"/>{4}</svg>'
    ).format(page.width, page.height, told, _as_url(page), shapes)


def _as_url(page: Image.Image) -> str:
    shown = page.copy()
    shown.thumbnail((_WIDEST, _WIDEST))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
