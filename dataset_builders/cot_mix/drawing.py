"""Line drawings with labels, smooth: drawn at twice the size and reduced."""

from collections.abc import Sequence
from math import hypot
from random import Random

from PIL import Image

from ..fonts import check_coverage, load_font
from ..rendering import Colour, Page, line_height

SCALE = 2
FACES = ("DejaVuSans", "DejaVuSerif", "SourceSansPro-Regular", "SourceSerifPro-Regular")
"""These have Ω."""

Point = tuple[float, float]


class Drawing:
    """A page of ``width`` × ``height`` pixels to draw on in these pixels.

    Args:
        rng: chooses face, size and colours.
        width: in pixels.
        height: in pixels.
        sizes: smallest and largest font size in pixels per em.
    """

    def __init__(self, rng: Random, width: int, height: int, sizes: tuple[int, int] = (18, 26)) -> None:
        paper = rng.choice(((255, 255, 255), (255, 255, 255), (252, 250, 242), (243, 247, 252)))
        ink = rng.choice(((0, 0, 0), (30, 30, 30), (20, 30, 80)))
        self.font_name, self.size = rng.choice(FACES), rng.randint(*sizes)
        self.ink: Colour = ink
        self.paper: Colour = paper
        self._page = Page(width * SCALE, height * SCALE, ink, paper)
        self._font = load_font(self.font_name, self.size * SCALE)
        self._stroke = SCALE * rng.choice((1, 2, 2))

    @property
    def style(self) -> dict[str, object]:
        """What ``meta`` records."""
        return {"font": self.font_name, "size": self.size}

    def image(self) -> Image.Image:
        """The finished picture."""
        return self._page.image.reduce(SCALE)

    def lines(self, points: Sequence[Point], closed: bool = False, fill: Colour | None = None) -> None:
        """Connect points, and fill the shape if it is closed."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        if closed and fill:
            self._page.draw.polygon(scaled, fill=fill)
        around = [*scaled, scaled[0]] if closed else scaled
        self._page.draw.line(around, fill=self.ink, width=self._stroke, joint="curve")

    def circle(self, centre: Point, radius: float, fill: Colour | None = None) -> None:
        """Draw a circle."""
        x, y, r = centre[0] * SCALE, centre[1] * SCALE, radius * SCALE
        self._page.draw.ellipse((x - r, y - r, x + r, y + r), outline=self.ink, fill=fill, width=self._stroke)

    def arc(self, centre: Point, radius: float, start: float, end: float) -> None:
        """Draw an arc from ``start`` to ``end`` degrees, clockwise from the right."""
        x, y, r = centre[0] * SCALE, centre[1] * SCALE, radius * SCALE
        self._page.draw.arc((x - r, y - r, x + r, y + r), start, end, fill=self.ink, width=self._stroke)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour | None = None) -> None:
        """Draw a rectangle with its edges."""
        corners = (left * SCALE, top * SCALE, right * SCALE, bottom * SCALE)
        self._page.draw.rectangle(corners, outline=self.ink, fill=fill, width=self._stroke)

    def arrow(self, start: Point, end: Point) -> None:
        """Draw an arrow whose head ends at ``end``."""
        length = hypot(end[0] - start[0], end[1] - start[1])
        along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        across = (-along[1], along[0])
        self.lines([start, end])
        base = (end[0] - 10 * along[0], end[1] - 10 * along[1])
        wings = [(base[0] + side * 5 * across[0], base[1] + side * 5 * across[1]) for side in (1, -1)]
        self._page.draw.polygon([(x * SCALE, y * SCALE) for x, y in (end, *wings)], fill=self.ink)

    def label(self, centre: Point, text: str, on_paper: bool = False) -> None:
        """Write ``text`` around ``centre``; ``on_paper`` first hides what is drawn there.

        Raises:
            ValueError: the face lacks a character.
        """
        check_coverage(text, [self.font_name])
        width, height = self._font.getlength(text), line_height(self._font)
        left, top = centre[0] * SCALE - width / 2, centre[1] * SCALE - height / 2
        if on_paper:
            self._page.draw.rectangle((left, top, left + width, top + height), fill=self.paper)
        self._page.text(left, top, text, self._font)

    def width_of(self, text: str) -> float:
        """Width of a text in pixels."""
        return self._font.getlength(text) / SCALE


def outside(middle: Point, away_from: Point, distance: float) -> Point:
    """The point ``distance`` pixels from ``middle``, on the side away from another point."""
    dx, dy = middle[0] - away_from[0], middle[1] - away_from[1]
    length = hypot(dx, dy) or 1.0
    return middle[0] + dx / length * distance, middle[1] + dy / length * distance


def between(start: Point, end: Point, share: float = 0.5) -> Point:
    """A point on the line from ``start`` to ``end``."""
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
