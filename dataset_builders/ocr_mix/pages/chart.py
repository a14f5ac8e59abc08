"""Charts drawn by Matplotlib; the answer is a python dict of what is drawn: title, axis titles and values.

A value is written at its mark, or lies on a line of the grid: everything in the answer can be read off the page. The
keys are OneChart's (https://arxiv.org/abs/2404.09987).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from random import Random
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MultipleLocator
from PIL import Image

from ...degradation import scan
from ...fonts import check_coverage, font_path
from ...rows import Sample
from ..prompts import CHART_DICT, choose
from ..prose import templates
from .languages import choose_language

TASK = "chart"
_FAMILIES = {
    "DejaVu Sans": "DejaVuSans",
    "DejaVu Serif": "DejaVuSerif",
    "Lato": "Lato-Regular",
    "Source Sans Pro": "SourceSansPro-Regular",
    "Roboto": "Roboto-Regular",
}
_CHINESE = {"Noto Sans SC": "NotoSansSC-Regular", "Noto Serif SC": "NotoSerifSC-Regular"}
_PALETTES = ("tab10", "Set2", "Dark2", "Paired", "Accent", "viridis", "plasma", "cividis", "Greys", "Blues")

_TIMES = ("Day", "Month", "Quarter", "Year", "星期", "月份", "季度", "年份")
"""Titles of axes along which a line makes sense."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """How a chart is drawn.

    Args:
        colours: one for each series or mark.
        written: write each value at its mark; otherwise values lie on the grid.
        step: of the grid; values are multiples of it if they are not written.
        top: largest value of the axis.
    """

    colours: list[Any]
    written: bool
    step: int
    top: int


def sample(seed: int) -> Sample:
    """Draw a chart: bars upright, lying or grouped, lines, a pie or points.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"page-{TASK}-{seed}")
    language = choose_language(rng)
    kind = rng.choice(tuple(_KINDS))
    latin, chinese = rng.choice(tuple(_FAMILIES)), rng.choice(tuple(_CHINESE))
    words = _choose_words(rng, templates(language)["charts"], kind)
    answer: dict[str, Any] = {"title": words["title"]}
    if kind != "pie":
        answer |= {"x_title": words["x"], "y_title": words["y"]}
    look = _choose_look(rng)
    page, values = _draw(rng, kind, answer, words, look, [latin, chinese])
    text = repr({**answer, "values": values})
    check_coverage(text, [_FAMILIES[latin], _CHINESE[chinese]])
    page, degradations = scan(page, rng, clean_share=0.6)
    meta = {
        "seed": seed,
        "language": language,
        "kind": kind,
        "font": latin if language == "en" else chinese,
        "values_written": look.written or kind == "pie",
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, choose(CHART_DICT[language], rng), text, meta)


def _choose_words(rng: Random, charts: dict[str, Any], kind: str) -> dict[str, Any]:
    """Titles and labels that go together; what changes over time for lines."""
    topics = charts["points" if kind == "points" else "topics"]
    if kind == "lines":
        topics = [topic for topic in topics if topic["x"] in _TIMES]
    return {**rng.choice(topics), "series": rng.choice(charts["series"])}


def _choose_look(rng: Random) -> Look:
    colours = list(matplotlib.colormaps[rng.choice(_PALETTES)].resampled(8)(range(8)))
    rng.shuffle(colours)
    step = rng.choice((1, 5, 10, 20, 50, 100))
    return Look(colours, rng.random() < 0.6, step, step * rng.choice((8, 10, 12)))


def _draw(
    rng: Random, kind: str, titles: dict[str, Any], words: dict[str, Any], look: Look, families: list[str]
) -> tuple[Image.Image, Values]:
    _load_fonts()
    style: Any = {  # Matplotlib types the names of its settings
        "font.family": families,
        "font.size": rng.choice((9, 10, 11, 12)),
        "axes.spines.top": rng.random() < 0.4,
        "axes.spines.right": rng.random() < 0.4,
        "axes.facecolor": rng.choice(("white", "white", "#f4f4f0", "#eaeaf2")),
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
    }
    width, height = rng.choice(((6.4, 4.8), (8, 5), (7, 7), (10, 5.6), (12, 6.75)))
    with matplotlib.rc_context(style):
        margins = ConstrainedLayoutEngine(w_pad=0.16, h_pad=0.16)  # inches
        figure = Figure(figsize=(width, height), layout=margins)
        axes = figure.add_subplot()
        axes.set_title(titles["title"], fontsize="x-large", loc=rng.choice(("center", "left")))
        if kind != "pie":
            lying = kind == "lying bars"
            axes.set_xlabel(titles["y_title" if lying else "x_title"])
            axes.set_ylabel(titles["x_title" if lying else "y_title"])
        values = _KINDS[kind](rng, axes, words, look)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=rng.choice((100, 130, 160)))
    return Image.open(buffer).convert("RGB"), values


def _bars(rng: Random, axes: Axes, words: dict[str, Any], look: Look) -> Values:
    values = _named_values(rng, words, look)
    colour = look.colours[0] if rng.random() < 0.5 else [look.colours[i % 8] for i in range(len(values))]
    bars = axes.bar(list(values), list(values.values()), color=colour, edgecolor="black", linewidth=0.6)
    if look.written:
        axes.bar_label(bars, fmt="{:g}", padding=2)
    _scale(axes, "y", look)
    return values


def _lying_bars(rng: Random, axes: Axes, words: dict[str, Any], look: Look) -> Values:
    values = _named_values(rng, words, look)
    bars = axes.barh(list(values), list(values.values()), color=look.colours[0], edgecolor="black", linewidth=0.6)
    axes.invert_yaxis()
    if look.written:
        axes.bar_label(bars, fmt="{:g}", padding=3)
    _scale(axes, "x", look)
    return values


def _grouped_bars(rng: Random, axes: Axes, words: dict[str, Any], look: Look) -> Values:
    names = words["series"]
    labels = _labels(rng, words, most=5)
    values = {name: {label: _value(rng, look) for label in labels} for name in names}
    width = 0.8 / len(names)
    for number, (name, series) in enumerate(values.items()):
        places = [place + (number - (len(names) - 1) / 2) * width for place in range(len(labels))]
        bars = axes.bar(places, list(series.values()), width, label=name, color=look.colours[number], edgecolor="black")
        if look.written:
            axes.bar_label(bars, fmt="{:g}", padding=2, fontsize="small")
    axes.set_xticks(range(len(labels)), labels)
    axes.legend(loc="upper center", ncols=len(names))
    _scale(axes, "y", look)
    return values


def _lines(rng: Random, axes: Axes, words: dict[str, Any], look: Look) -> Values:
    names = words["series"][: 1 if look.written else 3]
    labels = _labels(rng, words, most=10)
    values = {name: {label: _value(rng, look) for label in labels} for name in names}
    for number, (name, series) in enumerate(values.items()):
        line = rng.choice(("-", "-", "--", "-."))
        heights = list(series.values())
        axes.plot(labels, heights, line, marker="os^Dv"[number], label=name, color=_inked(look.colours[number]))
        for label, height in zip(labels, heights if look.written else [], strict=look.written):
            axes.annotate(f"{height:g}", (label, height), (0, 6), textcoords="offset points", ha="center")
    axes.legend(loc="upper left", ncols=len(names))
    _scale(axes, "y", look)
    return values


def _pie(rng: Random, axes: Axes, words: dict[str, Any], look: Look) -> Values:
    labels = _labels(rng, words, most=6)
    cuts = sorted(rng.sample(range(1, 20), len(labels) - 1))
    shares = [5 * (high - low) for low, high in zip([0, *cuts], [*cuts, 20], strict=True)]
    offsets = [rng.randint(-2, 2) for _ in shares[1:]]
    shares = [shares[0] - sum(offsets), *(share + offset for share, offset in zip(shares[1:], offsets, strict=True))]
    if min(shares) < 2:
        shares = [100 - 5 * (len(labels) - 1), *([5] * (len(labels) - 1))]
    ring = {"width": 0.45, "edgecolor": "white"} if rng.random() < 0.3 else {"edgecolor": "white"}
    texts = [f"{label}\n{share}%" for label, share in zip(labels, shares, strict=True)]
    start = rng.choice((0, 90))
    axes.pie(shares, labels=texts, colors=look.colours[: len(labels)], wedgeprops=ring, startangle=start)
    return {label: f"{share}%" for label, share in zip(labels, shares, strict=True)}


def _points(rng: Random, axes: Axes, words: dict[str, Any], look: Look) -> Values:
    """Named points on crossings of the grid."""
    names = _labels(rng, words, most=8)
    step = look.step
    places = rng.sample([(x, y) for x in range(1, 9) for y in range(1, 8)], len(names))
    values = {name: [x * step, y * step] for name, (x, y) in zip(names, places, strict=True)}
    for name, (x, y) in values.items():
        axes.scatter(x, y, s=rng.choice((30, 50)), color=_inked(look.colours[0]), zorder=3)
        axes.annotate(name, (x, y), (5, 5), textcoords="offset points")
    axes.set_xlim(0, 10 * step)
    axes.set_ylim(0, 9 * step)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(step))
    axes.grid(alpha=0.5)
    return values


_KINDS: dict[str, Callable[[Random, Axes, dict[str, Any], Look], Values]] = {
    "bars": _bars,
    "lying bars": _lying_bars,
    "grouped bars": _grouped_bars,
    "lines": _lines,
    "pie": _pie,
    "points": _points,
}


def _inked(colour: Sequence[float]) -> tuple[float, ...]:
    """A colour dark enough for a thin line on a light ground: red, green and blue in [0, 1]."""
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    return tuple(channel * 0.6 / max(grey, 0.6) for channel in colour[:3])


def _labels(rng: Random, words: dict[str, Any], most: int) -> list[str]:
    labels = words["labels"]
    count = rng.randint(3, min(most, len(labels)))
    start = rng.randrange(len(labels) - count + 1)
    return list(labels[start : start + count])


def _named_values(rng: Random, words: dict[str, Any], look: Look) -> Values:
    return {label: _value(rng, look) for label in _labels(rng, words, most=8)}


def _value(rng: Random, look: Look) -> float:
    """A number whose place on the axis, or whose digits, can be read."""
    if not look.written:
        return rng.randint(1, look.top // look.step) * look.step
    return rng.randint(1, look.top) if look.step > 1 else round(rng.uniform(0.1, look.top), 1)


def _scale(axes: Axes, side: Literal["x", "y"], look: Look) -> None:
    """Room above the largest value for what is written there; without it a grid at every step."""
    limit = axes.set_xlim if side == "x" else axes.set_ylim
    limit(0, look.top * 1.2)
    if not look.written:
        axis = axes.xaxis if side == "x" else axes.yaxis
        axis.set_major_locator(MultipleLocator(look.step))
        axes.grid(axis=side, alpha=0.6)


@cache
def _load_fonts() -> None:
    for name in {**_FAMILIES, **_CHINESE}.values():
        fontManager.addfont(font_path(name))
