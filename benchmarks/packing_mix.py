"""The length mix of ``packing.py``: what a text-oriented fine-tuning set is made of, stated row by row.

Images have the usual sizes of such data (A4 scans at 150-200 dpi, charts of 500-1000 px, photos of 640-1024 px, cropped
lines); InternVL2's tiling makes of them what it makes of any image. Shares, sizes and text lengths are assumptions, in
the spirit of https://arxiv.org/abs/2502.18512, section 3: reading tasks, questions about all kinds of pages, and
reasoning, some of it without an image.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fcotvl_hf.cost.tokens import tiling_of, visual_tokens
from fcotvl_hf.training.packing import RowSize

TEMPLATE_TOKENS = 40
"""Tokens of the chat template, the system prompt among them."""
IMAGE_MARKS = 2
"""Tokens around an image's placeholders."""


@dataclass(frozen=True)
class Source:
    """One kind of row; ranges are drawn from uniformly.

    Args:
        name: what it is.
        share: of the mix, in percent.
        width: of the image in pixels.
        aspect: height over width; ``None`` without an image.
        prompt: tokens of the question.
        answer: tokens of the answer.
    """

    name: str
    share: int
    width: tuple[int, int]
    aspect: tuple[float, float] | None
    prompt: tuple[int, int]
    answer: tuple[int, int]


MIX = (
    Source("page, read in full", 12, (1240, 1700), (1.25, 1.45), (8, 30), (250, 900)),
    Source("page, question", 18, (1240, 1700), (1.25, 1.45), (10, 40), (2, 40)),
    Source("table to Markdown", 10, (600, 1400), (0.2, 1.2), (8, 30), (100, 700)),
    Source("chart, question", 15, (500, 1000), (0.5, 1.0), (10, 40), (2, 120)),
    Source("infographic", 5, (700, 1200), (1.5, 4.0), (10, 40), (2, 40)),
    Source("photo with text", 12, (640, 1024), (0.66, 1.5), (10, 40), (2, 40)),
    Source("formula or line", 8, (300, 900), (0.08, 0.3), (8, 20), (10, 120)),
    Source("sign, icon, diagram", 5, (150, 450), (0.8, 1.25), (10, 40), (2, 40)),
    Source("text alone, reasoning", 15, (0, 0), None, (30, 250), (100, 1000)),
)


class Row(NamedTuple):
    """A row of the mix: tiles of its image, tokens before the answer besides visual ones, tokens of the answer."""

    tiles: int
    prompt: int
    answer: int

    def size(self, tokens_per_tile: int) -> RowSize:
        """What it costs with a number of visual tokens per tile."""
        return RowSize(visual_tokens(self.tiles, tokens_per_tile) + self.prompt + self.answer, self.tiles)


def rows(number: int, seed: int = 0, max_tiles: int = 12) -> Iterator[Row]:
    """Draw rows of the mix.

    Args:
        number: how many.
        seed: the same seed gives the same rows.
        max_tiles: tiles of an image at most, the thumbnail not counted.
    """
    draw = random.Random(seed)
    for source in draw.choices(MIX, [source.share for source in MIX], k=number):
        tiles = marks = 0
        if source.aspect is not None:
            width = draw.randint(*source.width)
            tiles = tiling_of(width, round(width * draw.uniform(*source.aspect)), max_tiles=max_tiles).tiles
            marks = IMAGE_MARKS
        yield Row(tiles, TEMPLATE_TOKENS + marks + draw.randint(*source.prompt), draw.randint(*source.answer))
