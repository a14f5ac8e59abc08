"""Bar charts with the value written at each bar; the answer is a python dict from label to number."""

from random import Random

from ..fonts import load_font
from ..rendering import Colour, Domain, Page, degrade, line_height, tint
from ..rows import Sample
from .prompts import CHART, choose

_SERIES = (
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    ("Q1", "Q2", "Q3", "Q4"),
    ("A", "B", "C", "D", "E", "F"),
    tuple(str(year) for year in range(2015, 2031)),
)
_PALETTE = ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189), (140, 86, 75))


def sample(seed: int, domain: Domain = Domain()) -> Sample:
    """Draw a chart of 2–5 bars, upright or lying, with or without axes.

    Args:
        seed: the same seed and domain give the same page.
        domain: fonts, words and text heights to use.
    """
    rng = Random(f"chart-{seed}")
    page, values, drawn = draw_chart(rng, domain)
    image, degradations = degrade(page.image, rng)
    meta = {"seed": seed, **drawn, "clean": not degradations, **degradations}
    return Sample("chart", image, choose(CHART, rng), to_dict(values), meta, page.glyphs)


def to_dict(values: dict[str, str]) -> str:
    """Write label → number as a python dict; ``ast.literal_eval`` reads it back."""
    return "{" + ", ".join(f'"{label}": {value}' for label, value in values.items()) + "}"


def draw_chart(rng: Random, domain: Domain) -> tuple[Page, dict[str, str], dict[str, object]]:
    """Draw a bar chart; return the page, its values as they are written, and its style."""
    values = _values(rng, domain)
    name, size = domain.font(rng, largest=max(domain.text_height[0], 22))
    ink, paper = domain.colours(rng)
    lying = rng.random() < 0.5
    page = Page(*_page_size(rng, lying, len(values), values, name, size), ink, paper)
    bars = [rng.choice(_PALETTE) if rng.random() < 0.5 else _PALETTE[0]] * len(values)
    if rng.random() < 0.3:
        bars = rng.sample(_PALETTE, len(values))
    (_draw_lying if lying else _draw_upright)(page, values, name, size, [_visible(bar, paper) for bar in bars])
    return page, values, {"font": name, "size": size, "kind": "barh" if lying else "bar"}


def _values(rng: Random, domain: Domain) -> dict[str, str]:
    count = rng.randint(2, 5)
    if rng.random() < 0.6:
        series = rng.choice(_SERIES)
        count = min(count, len(series))
        start = rng.randrange(len(series) - count + 1)
        labels = list(series[start : start + count])
    else:
        labels = list(dict.fromkeys(domain.lexicon.word(rng, 6).capitalize() for _ in range(count)))
    decimals = rng.random() < 0.2
    numbers = (rng.randint(1, 99) / 10 if decimals else rng.randint(1, rng.choice((20, 100, 500))) for _ in labels)
    return {label: str(number) for label, number in zip(labels, numbers, strict=True)}


def _page_size(rng: Random, lying: bool, bars: int, values: dict[str, str], name: str, size: int) -> tuple[int, int]:
    font = load_font(name, size)
    widest = max(font.getlength(text) for pair in values.items() for text in pair)
    if lying:
        label, value = (max(font.getlength(text) for text in texts) for texts in (values.keys(), values.values()))
        return round(label + value + rng.randint(40, 90)), round(bars * line_height(font) * rng.uniform(1.15, 1.5)) + 8
    return round(bars * (widest + rng.randint(6, 14))) + 12, round(2.4 * line_height(font) + rng.randint(40, 110))


def _draw_upright(page: Page, values: dict[str, str], name: str, size: int, bars: list[Colour]) -> None:
    font, height = load_font(name, size), line_height(load_font(name, size))
    slot = (page.image.width - 8) / len(values)
    floor = page.image.height - height - 3
    largest = max(float(value) for value in values.values())
    page.draw.line((3, floor, page.image.width - 3, floor), fill=page.ink)
    for index, ((label, value), bar) in enumerate(zip(values.items(), bars, strict=True)):
        middle = 4 + (index + 0.5) * slot
        top = floor - max(2.0, (floor - height - 4) * float(value) / largest)
        page.draw.rectangle((middle - slot * 0.32, top, middle + slot * 0.32, floor - 1), fill=bar)
        page.text(middle - font.getlength(value) / 2, top - height - 1, value, font)
        page.text(middle - font.getlength(label) / 2, floor + 1, label, font)


def _draw_lying(page: Page, values: dict[str, str], name: str, size: int, bars: list[Colour]) -> None:
    font, height = load_font(name, size), line_height(load_font(name, size))
    slot = (page.image.height - 6) / len(values)
    start = 6 + max(font.getlength(label) for label in values)
    room = page.image.width - start - max(font.getlength(value) for value in values.values()) - 8
    largest = max(float(value) for value in values.values())
    for index, ((label, value), bar) in enumerate(zip(values.items(), bars, strict=True)):
        middle = 3 + (index + 0.5) * slot
        end = start + max(2.0, room * float(value) / largest)
        page.draw.rectangle((start, middle - slot * 0.32, end, middle + slot * 0.32), fill=bar)
        page.text(start - 3 - font.getlength(label), middle - height / 2, label, font)
        page.text(end + 3, middle - height / 2, value, font)


def _visible(bar: Colour, paper: Colour) -> Colour:
    """Move the bar's colour away from the paper's where they are too close."""
    distance = sum(abs(a - b) for a, b in zip(bar, paper, strict=True))
    return bar if distance > 120 else tint(bar, (255, 255, 255) if sum(paper) < 380 else (0, 0, 0), 0.5)
