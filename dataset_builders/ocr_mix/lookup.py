"""Look-up: one value out of a form, a table or a chart; the answer is the value as it is written."""

from random import Random

from ..fonts import load_font
from ..rendering import Domain, Page, degrade, line_height
from ..rows import Sample
from ..texts import number
from .chart import draw_chart
from .prompts import LOOKUP, choose
from .table import draw_table


def sample(seed: int, domain: Domain = Domain()) -> Sample:
    """Draw named values and ask for one of them.

    Args:
        seed: the same seed and domain give the same page.
        domain: fonts, words and text heights to use.
    """
    rng = Random(f"lookup-{seed}")
    kind = rng.choices(("form", "table", "chart"), (5, 3, 2))[0]
    if kind == "chart":
        page, values, drawn = draw_chart(rng, domain)
    elif kind == "table":
        page, values, drawn = _table(rng, domain)
    else:
        page, values, drawn = _form(rng, domain)
    key = rng.choice(list(values))
    image, degradations = degrade(page.image, rng)
    meta = {"seed": seed, "kind": kind, **drawn, "clean": not degradations, **degradations}
    return Sample("lookup", image, choose(LOOKUP, rng).format(key), values[key], meta, page.glyphs)


def _named_values(rng: Random, domain: Domain, most: int) -> dict[str, str]:
    count = rng.randint(2, most)
    return {domain.lexicon.word(rng, 7).capitalize(): number(rng) for _ in range(count)}


def _table(rng: Random, domain: Domain) -> tuple[Page, dict[str, str], dict[str, object]]:
    values = _named_values(rng, domain, 5)
    header = [domain.lexicon.word(rng, 6).capitalize() for _ in range(2)]
    page, cells, drawn = draw_table(rng, domain, [header, *([key, value] for key, value in values.items())])
    return page, {row[0]: row[1] for row in cells[1:]}, drawn


def _form(rng: Random, domain: Domain) -> tuple[Page, dict[str, str], dict[str, object]]:
    """Lines of ``Name: value``, the values after the colon or in a column of their own."""
    name, size = domain.font(rng, largest=max(domain.text_height[0], 26))
    font = load_font(name, size)
    step = line_height(font) + rng.randint(1, 10)
    values = _named_values(rng, domain, max(2, min(6, 220 // step)))
    in_column = rng.random() < 0.5
    widest = max(font.getlength(f"{key}: ") for key in values)
    width = round(widest + max(font.getlength(value) for value in values.values())) + rng.randint(8, 40)
    ink, paper = domain.colours(rng)
    page = Page(max(80, width), max(60, step * len(values) + rng.randint(6, 30)), ink, paper)
    left, top = rng.randint(2, 6), rng.randint(1, 6)
    for index, (key, value) in enumerate(values.items()):
        y = top + index * step
        page.text(left, y, f"{key}:", font)
        page.text(left + (widest if in_column else font.getlength(f"{key}: ")), y, value, font)
    return page, values, {"font": name, "size": size}
