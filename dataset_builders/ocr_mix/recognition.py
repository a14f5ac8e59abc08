"""Text recognition: a few lines of words, numbers and random strings; the answer is what was written."""

from random import Random

from PIL import ImageFont

from ..fonts import load_font
from ..rendering import Domain, Page, degrade, line_height
from ..rows import Sample
from .prompts import RECOGNITION, choose

TILE = 112
"""Pages are a few multiples of the tiny model's tile, in pixels."""

_SHAPES = (((1, 1), 60), ((2, 1), 12), ((1, 2), 5), ((2, 2), 12), ((3, 1), 5), ((4, 1), 4), ((1, 3), 2))
"""(columns, rows) of tiles a page is about as large as, with weights."""


def sample(
    seed: int, domain: Domain = Domain(), *, max_tiles: int = 4, max_lines: int = 5, dense: bool = False
) -> Sample:
    """Draw lines of text on a page of one tile up to ``max_tiles`` tiles.

    Args:
        seed: the same seed and domain give the same page.
        domain: fonts, words and text heights to use.
        max_tiles: largest number of tiles the page is about as large as.
        max_lines: most lines of text on the page.
        dense: fill the page with text instead of leaving a random part of it empty.
    """
    rng = Random(f"recognition-{seed}")
    width, height = _page_size(rng, max_tiles)
    ink, paper = domain.colours(rng)
    page = Page(width, height, ink, paper)
    name, size = domain.font(rng, largest=max(domain.text_height[0], int(height * 0.7)))
    font = load_font(name, size)
    lines = _compose(rng, domain, font, width, height, max_lines, dense)
    _place(rng, page, lines, font)
    image, degradations = degrade(page.image, rng)
    meta = {"seed": seed, "font": name, "size": size, "clean": not degradations, **degradations}
    return Sample("recognition", image, choose(RECOGNITION, rng), "\n".join(lines), meta, page.glyphs)


def _page_size(rng: Random, max_tiles: int) -> tuple[int, int]:
    if rng.random() < 0.08 and max_tiles >= 4:  # a cropped line, as people paste them
        return rng.randint(90, 400), rng.randint(30, 60)
    shapes = [(shape, weight) for shape, weight in _SHAPES if shape[0] * shape[1] <= max_tiles]
    (columns, rows), _ = rng.choices(shapes, [weight for _, weight in shapes])[0]
    exact = rng.random() < 0.4
    scale = 1.0 if exact else rng.uniform(0.85, 1.25)
    stretch = 1.0 if exact else rng.uniform(0.88, 1.14)
    return round(columns * TILE * scale * stretch), round(rows * TILE * scale / stretch)


def _compose(
    rng: Random,
    domain: Domain,
    font: ImageFont.FreeTypeFont,
    width: int,
    height: int,
    max_lines: int,
    dense: bool,
) -> list[str]:
    """Choose lines that fit: a line is filled to a random share of the width, so pages are sparse or dense."""
    room = max(1, min(max_lines, height // (line_height(font) + 1)))
    count = room if dense else min(room, 1 + int(room * rng.random() ** 1.3))
    return [fill_line(rng, domain, font, (width - 4) * rng.uniform(0.9 if dense else 0.3, 1.0)) for _ in range(count)]


def fill_line(rng: Random, domain: Domain, font: ImageFont.FreeTypeFont, room: float) -> str:
    """Words, numbers and random strings for one line.

    Args:
        rng: chooses them.
        domain: where they come from.
        font: what they will be drawn in.
        room: width of the line in pixels.
    """
    line = ""
    for _ in range(12):
        longest = max(1, int((room - font.getlength(line)) / font.getlength("n")))
        token = domain.lexicon.token(rng, max_length=min(12, max(2, longest)))
        candidate = f"{line} {token}" if line else token
        if font.getlength(candidate) <= room:
            line = candidate
        elif line:
            break
    return line or domain.lexicon.token(rng, max_length=2)[:1]


def _place(rng: Random, page: Page, lines: list[str], font: ImageFont.FreeTypeFont) -> None:
    """Put the lines at one margin (or each at its own), with even leading, anywhere on the page they fit."""
    height = line_height(font)
    spare = page.image.height - height * len(lines)
    leading = rng.uniform(0, min(0.6 * height, spare / len(lines))) if spare > 0 else 0.0
    y = rng.uniform(0, max(0.0, spare - leading * (len(lines) - 1)))
    widest = max(font.getlength(line) for line in lines)
    margin = rng.uniform(1, max(1.0, page.image.width - widest - 2))
    ragged = rng.random() < 0.3
    for line in lines:
        x = rng.uniform(1, max(1.0, page.image.width - font.getlength(line) - 2)) if ragged else margin
        page.text(x, y, line, font)
        y += height + leading
