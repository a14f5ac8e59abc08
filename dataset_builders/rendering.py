"""Drawing text on pages with Pillow, remembering where every character went.

A ``Page`` records the centre of each glyph it draws. The tiny teacher's first training stage learns from those
positions, and the legibility and attention plots read them.
"""

import io
from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .fonts import TRAIN_FONTS
from .texts import Lexicon

Colour = tuple[int, int, int]

_NEVER_FIRST = "，。；：？！、）》”’％℃"
"""A Chinese line does not begin with these; they hang over the edge of the line before."""


@dataclass(frozen=True)
class Domain:
    """What pages are made of: fonts, words, text heights. Training and each kind of evaluation has its own.

    Args:
        fonts: names in ``fonts.py`` to choose from.
        lexicon: where the words come from.
        text_height: smallest and largest font size in pixels per em.
        plain: share of pages in black on white, in [0, 1]; the others have any two colours that contrast.
    """

    fonts: tuple[str, ...] = TRAIN_FONTS
    lexicon: Lexicon = Lexicon()
    text_height: tuple[int, int] = (16, 40)
    plain: float = 0.4

    def font(self, rng: Random, largest: int | None = None) -> tuple[str, int]:
        """Choose a font name and a size in pixels per em, small sizes more often than large ones."""
        low, high = self.text_height[0], min(self.text_height[1], largest or self.text_height[1])
        return rng.choice(self.fonts), low + int((high - low + 1) * rng.random() ** 1.5)

    def colours(self, rng: Random) -> tuple[Colour, Colour]:
        """Choose (ink, paper): black on white, else any two colours whose grey levels differ by 90 or more."""
        if rng.random() < self.plain:
            return (0, 0, 0), (255, 255, 255)
        while True:
            ink, paper = ((rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(2))
            if _grey(paper) - _grey(ink) >= 90 or (rng.random() < 0.3 and _grey(ink) - _grey(paper) >= 90):
                return ink, paper


@dataclass(frozen=True)
class Glyph:
    """One drawn character and the centre of its box, in pixels of the page."""

    character: str
    x: float
    y: float


class Page:
    """A canvas of ``width`` × ``height`` pixels with one ink and one paper colour."""

    def __init__(self, width: int, height: int, ink: Colour = (0, 0, 0), paper: Colour = (255, 255, 255)) -> None:
        self.image = Image.new("RGB", (max(1, width), max(1, height)), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.ink, self.paper = ink, paper
        self.glyphs: list[Glyph] = []

    def text(self, x: float, y: float, text: str, font: ImageFont.FreeTypeFont, ink: Colour | None = None) -> None:
        """Draw ``text`` with its line box's top left corner at (x, y) pixels and record its glyphs."""
        self.draw.text((x, y), text, font=font, fill=ink or self.ink)
        ascent, descent = font.getmetrics()
        middle = y + (ascent + descent) / 2
        left = x
        for end, character in enumerate(text, start=1):
            right = x + font.getlength(text[:end])
            if not character.isspace():
                self.glyphs.append(Glyph(character, (left + right) / 2, middle))
            left = right


def line_height(font: ImageFont.FreeTypeFont) -> int:
    """Height in pixels of one line of ``font`` without extra leading."""
    ascent, descent = font.getmetrics()
    return ascent + descent


def break_lines(text: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Break a paragraph between words, or between Chinese characters.

    Args:
        text: one paragraph.
        font: what it will be drawn in.
        room: width of a line in pixels; a single word may be wider.
    """
    lines, line, used = [], "", 0.0
    length = cache(font.getlength)  # words and characters come again; kerning between them is negligible
    for piece in _pieces(text):
        if line and used + length(piece.rstrip()) > room and piece[0] not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line = piece.lstrip()
            used = length(line)
        else:
            line += piece
            used += length(piece)
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Words with the space after them, and single Chinese characters."""
    pieces: list[str] = []
    for character in text:
        before = pieces[-1] if pieces else ""
        joins = before and (character == " " or not (_stands_alone(before[-1]) or _stands_alone(character)))
        if joins and not (before.endswith(" ") and character != " "):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _stands_alone(character: str) -> bool:
    """Whether a line may be broken on both sides of it: Chinese characters and full-width forms."""
    return ord(character) > 0x2E80


def encode(image: Image.Image) -> bytes:
    """A picture's file: one that was a JPEG stays one, with the same tables; any other becomes a PNG."""
    buffer = io.BytesIO()
    if image.format == "JPEG":
        image.save(buffer, format="JPEG", quality="keep")
    else:
        image.save(buffer, format="PNG", compress_level=3)  # of pages smaller than level 6, in two thirds of the time
    return buffer.getvalue()


def tint(colour: Colour, towards: Colour, amount: float) -> Colour:
    """Mix ``amount`` (0 to 1) of ``towards`` into ``colour``."""
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(colour, towards, strict=True))
    return red, green, blue


def degrade(image: Image.Image, rng: Random) -> tuple[Image.Image, dict[str, float]]:
    """Add light noise and blur to about half of the pages; return the page and what was done (empty: clean)."""
    applied: dict[str, float] = {}
    if rng.random() < 0.15:
        applied["blur"] = round(rng.uniform(0.2, 0.6), 2)
        image = image.filter(ImageFilter.GaussianBlur(applied["blur"]))
    if rng.random() < 0.4:
        applied["noise"] = round(rng.uniform(2, 10), 1)
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, applied["noise"], (image.height, image.width, 1))
        pixels = np.asarray(image, dtype=np.float32) + noise.astype(np.float32)
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return image, applied


def _grey(colour: Colour) -> float:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
