"""Tables: cells drawn with one of several rulings; the answer is the same table as Markdown."""

from collections.abc import Sequence
from random import Random

from ..fonts import load_font
from ..rendering import Domain, Page, degrade, line_height, tint
from ..rows import Sample
from .prompts import TABLE, choose

MAX_WIDTH, MAX_HEIGHT = 260, 236
"""Largest page in pixels: at 2 × 2 tiles of 112 px its text shrinks by no more than a seventh."""

Cells = list[list[str]]


def sample(seed: int, domain: Domain = Domain()) -> Sample:
    """Draw a table of 2–4 columns and 1–4 rows under a header.

    Args:
        seed: the same seed and domain give the same page.
        domain: fonts, words and text heights to use.
    """
    rng = Random(f"table-{seed}")
    columns, rows = rng.choice((2, 2, 3, 3, 4)), rng.randint(1, 4)
    header = [domain.lexicon.word(rng, 7).capitalize() for _ in range(columns)]
    cells = [header] + [[domain.lexicon.cell(rng) for _ in range(columns)] for _ in range(rows)]
    page, cells, drawn = draw_table(rng, domain, cells)
    image, degradations = degrade(page.image, rng)
    meta = {"seed": seed, **drawn, "clean": not degradations, **degradations}
    return Sample("table", image, choose(TABLE, rng), to_markdown(cells), meta, page.glyphs)


def to_markdown(cells: Sequence[Sequence[str]]) -> str:
    """Write ``cells`` (the first row is the header) as a Markdown table with outer pipes."""
    header, *body = (f"| {' | '.join(row)} |" for row in cells)
    return "\n".join([header, f"| {' | '.join('---' for _ in cells[0])} |", *body])


def draw_table(rng: Random, domain: Domain, cells: Cells) -> tuple[Page, Cells, dict[str, object]]:
    """Draw ``cells``, dropping last columns and rows that do not fit.

    Args:
        rng: chooses the style.
        domain: fonts and text heights to use.
        cells: rows of texts, the header first.

    Returns:
        The page, the cells that it shows, and its style.
    """
    name, size = domain.font(rng, largest=max(domain.text_height[0], 24))
    font = load_font(name, size)
    gap, leading = rng.randint(6, 14), rng.randint(2, 9)
    step = line_height(font) + leading

    def widths() -> list[int]:
        return [round(max(font.getlength(row[column]) for row in cells)) + gap for column in range(len(cells[0]))]

    while len(cells[0]) > 2 and sum(widths()) > MAX_WIDTH - 8:
        cells = [row[:-1] for row in cells]
    cells = cells[: max(2, (MAX_HEIGHT - 8) // step)]
    ink, paper = domain.colours(rng)
    left, top = rng.randint(2, 12), rng.randint(2, 12)
    width, height = sum(widths()), step * len(cells)
    page = Page(max(80, width + left + rng.randint(2, 14)), max(60, height + top + rng.randint(2, 14)), ink, paper)
    ruling = rng.choice(("grid", "grid", "rows", "header", "none", "shaded"))
    _rule(page, ruling, left, top, widths(), step, len(cells))
    aligned_right = [rng.random() < 0.3 for _ in cells[0]]
    for index, row in enumerate(cells):
        x = left
        for text, column, right in zip(row, widths(), aligned_right, strict=True):
            indent = column - gap / 2 - font.getlength(text) if right else gap / 2
            page.text(x + indent, top + index * step + leading / 2, text, font)
            x += column
    return page, cells, {"font": name, "size": size, "ruling": ruling}


def _rule(page: Page, ruling: str, left: int, top: int, widths: list[int], step: int, rows: int) -> None:
    right, bottom = left + sum(widths), top + step * rows
    line = tint(page.ink, page.paper, 0.3)
    if ruling == "shaded":
        for row in range(0, rows, 2):
            box = (left, top + row * step, right, top + (row + 1) * step)
            page.draw.rectangle(box, fill=tint(page.paper, page.ink, 0.15))
    edges = {"grid": range(rows + 1), "rows": range(rows + 1), "header": (1,)}.get(ruling, ())
    for row in edges:
        page.draw.line((left, top + row * step, right, top + row * step), fill=line)
    if ruling == "grid":
        x = left
        for width in [0, *widths]:
            x += width
            page.draw.line((x, top, x, bottom), fill=line)
