"""The eye test: type of one size on a page of exactly one tile, black on white, in a plain face.

A page is as large as a tile, so that nothing is scaled and a font size in pixels is what the model sees.
"""

from collections.abc import Iterator
from random import Random

from ..fonts import load_font
from ..rendering import Domain, Page, line_height
from ..rows import Sample
from .prompts import RECOGNITION
from .recognition import TILE, fill_line

SIZES = (8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40)
"""Font sizes in pixels per em."""

NAME = "legibility"
FONT = "DejaVuSans"
LINES = 2
MARGIN = 4
"""Pixels on each side."""


def sample(seed: int, size: int, tile: int = TILE) -> Sample:
    """Draw two full lines.

    Args:
        seed: the same seed, size and tile give the same page.
        size: of the font, in pixels per em.
        tile: side of the page in pixels; the tile of the model that is tested.
    """
    rng = Random(f"{NAME}-{size}-{seed}")
    font = load_font(FONT, size)
    page = Page(tile, tile)
    lines = [fill_line(rng, Domain(), font, tile - 2 * MARGIN) for _ in range(LINES)]
    top = (tile - LINES * line_height(font)) / 2
    for number, line in enumerate(lines):
        page.text(MARGIN, top + number * line_height(font), line, font)
    meta = {"seed": f"{size}-{seed}", "font": FONT, "size": size, "clean": True}
    return Sample(NAME, page.image, RECOGNITION[0], "\n".join(lines), meta, page.glyphs)


def samples(count: int, seed: int = 0, tile: int = TILE) -> Iterator[Sample]:
    """Draw pages of all sizes in turn.

    Args:
        count: number of pages.
        seed: of the first page of each size.
        tile: side of the pages in pixels.
    """
    return (sample_at(number, seed, tile) for number in range(count))


def sample_at(number: int, seed: int = 0, tile: int = TILE) -> Sample:
    """The page that ``samples`` gives as number ``number``."""
    return sample(seed + number // len(SIZES), SIZES[number % len(SIZES)], tile)
