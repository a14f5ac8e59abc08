"""Science diagrams: cycles, webs of arrows, layers around a core. Part of the configuration ``chart``.

The answer is a python dict: from each part to the list of those its arrows lead to; of layers, from number to name.
"""

from collections.abc import Callable
from math import cos, hypot, pi, sin
from random import Random
from typing import Any

from ...degradation import scan
from ...rows import Sample
from ..prompts import DIAGRAM, LAYERS, choose
from ..prose import templates
from ..typesetting import CHINESE, SANS, SERIF, check, families, inline, typeset
from .languages import choose_language

TASK = "diagram"
_WIDTH, _HEIGHT = 760, 620
_BOX, _TALL = 150, 44
"""Width and height of a part's box in points."""

_FILLS = ("rgb(214,232,247)", "rgb(223,240,216)", "rgb(252,236,206)", "rgb(240,221,235)", "white", "luma(238)")
_LAYERS = ("rgb(247,205,110)", "rgb(240,150,90)", "rgb(190,110,80)", "rgb(140,160,110)", "rgb(110,150,190)")

Drawing = tuple[list[str], dict[str, Any], str]
"""Typst lines, the answer, and all text that is drawn."""


def sample(seed: int) -> Sample:
    """Draw a diagram.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    language = choose_language(rng)
    kind = rng.choice(tuple(_KINDS))
    title, parts = rng.choice(sorted(templates(language)["diagrams"][kind].items()))
    lines, answer, text = _KINDS[kind](rng, parts)
    latin, chinese = rng.choice((*SANS, *SERIF)), rng.choice(tuple(CHINESE))
    check(title + text, latin, chinese)
    source = _source(title, lines, families(latin, chinese))
    page, degradations = scan(typeset(source, rng.choice((100, 130)))[0], rng, clean_share=0.6)
    meta = {
        "seed": seed,
        "language": language,
        "kind": kind,
        "font": latin if language == "en" else chinese,
        "clean": not degradations,
        **degradations,
    }
    prompt = choose((LAYERS if kind == "layers" else DIAGRAM)[language], rng)
    return Sample(TASK, page, prompt, repr({"title": title, **answer}), meta)


def _cycle(rng: Random, parts: list[str]) -> Drawing:
    """Parts on an ellipse, an arrow from each to the next."""
    turn = rng.uniform(0, 2 * pi)
    clockwise = rng.choice((1, -1))
    angles = [turn + clockwise * 2 * pi * number / len(parts) for number in range(len(parts))]
    places = {part: (_WIDTH / 2 + 270 * cos(a), 340 + 210 * sin(a)) for part, a in zip(parts, angles, strict=True)}
    arrows = list(zip(parts, [*parts[1:], parts[0]], strict=True))
    fill = rng.choice(_FILLS)
    lines = [_arrow(places[start], places[end]) for start, end in arrows]
    lines += [_part(part, place, fill, rng.choice((4, 22))) for part, place in places.items()]
    return lines, {"arrows": {start: [end] for start, end in arrows}}, "".join(parts)


def _levels(rng: Random, web: dict[str, Any]) -> Drawing:
    """Rows of parts; from each part some of the arrows that it may have."""
    levels: list[list[str]] = web["rows"]
    places: dict[str, tuple[float, float]] = {}
    for number, level in enumerate(levels):
        for column, part in enumerate(level):
            places[part] = (_WIDTH * (column + 0.5) / len(level), 120 + 480 * number / max(1, len(levels) - 1))
    arrows = {part: ends[: rng.randint(1, len(ends))] for part, ends in web["arrows"].items()}
    fills = rng.sample(_FILLS, len(levels))
    lines = [_arrow(places[part], places[end]) for part, ends in arrows.items() for end in ends]
    for fill, level in zip(fills, levels, strict=True):
        lines += [_part(part, places[part], fill, 6) for part in level]
    return lines, {"arrows": arrows}, "".join(part for level in levels for part in level)


def _layers(rng: Random, parts: list[str]) -> Drawing:
    """Circles inside each other with numbers, named in a legend."""
    numbers = list(range(1, len(parts) + 1))
    rng.shuffle(numbers)
    step, x, y = 230 / len(parts), 270, 350
    lines = []
    for layer in reversed(range(len(parts))):
        radius = step * (layer + 1)
        circle = f"circle(radius: {radius}pt, fill: {_LAYERS[layer]}, stroke: 0.8pt)"
        lines.append(f"#place(dx: {x - radius}pt, dy: {y - radius}pt, {circle})")
    named = dict(sorted(zip(numbers, parts, strict=True)))
    for layer, number in enumerate(numbers):
        middle = step * (layer + 0.5) if layer else 0
        angle = -pi / 2 + 0.9 * layer
        lines.append(_text(str(number), x + middle * cos(angle), y + middle * sin(angle), 30, bold=True))
    for row, (number, part) in enumerate(named.items()):
        lines.append(_text(f"{number}  {part}", 640, 220 + 40 * row, 230, align="left"))
    return lines, {"parts": {str(number): part for number, part in named.items()}}, "".join(parts)


_KINDS: dict[str, Callable[[Random, Any], Drawing]] = {"cycles": _cycle, "levels": _levels, "layers": _layers}


def _part(text: str, place: tuple[float, float], fill: str, radius: float) -> str:
    x, y = place
    shape = f"rect(width: {_BOX}pt, height: {_TALL}pt, fill: {fill}, radius: {radius}pt, stroke: 0.9pt)"
    return f"#place(dx: {x - _BOX / 2}pt, dy: {y - _TALL / 2}pt, {shape})\n{_text(text, x, y, _BOX)}"


def _text(text: str, x: float, y: float, width: float, align: str = "center", bold: bool = False) -> str:
    inside = f"*{inline(text)}*" if bold else inline(text)
    box = f"box(width: {width}pt, height: {_TALL}pt, align({align} + horizon)[{inside}])"
    return f"#place(dx: {x - width / 2}pt, dy: {y - _TALL / 2}pt, {box})"


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A line with a head, from one box's edge to another's."""
    (x1, y1), (x2, y2) = _edge(start, end), _edge(end, start)
    length = hypot(x2 - x1, y2 - y1) or 1.0
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    back = (x2 - 11 * dx, y2 - 11 * dy)
    head = ((x2, y2), (back[0] - 5 * dy, back[1] + 5 * dx), (back[0] + 5 * dy, back[1] - 5 * dx))
    corners = ", ".join(f"({x:.2f}pt, {y:.2f}pt)" for x, y in head)
    shaft = f"line(start: ({x1:.2f}pt, {y1:.2f}pt), end: ({back[0]:.2f}pt, {back[1]:.2f}pt), stroke: 1.3pt)"
    return f"#place({shaft})\n#place(polygon(fill: black, {corners}))"


def _edge(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the middle of a box leaves it, with a little gap."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    share = min((_BOX / 2 + 5) / (abs(dx) or 1e-9), (_TALL / 2 + 5) / (abs(dy) or 1e-9))
    return start[0] + dx * share, start[1] + dy * share


def _source(title: str, lines: list[str], fonts: str) -> str:
    body = "\n".join(lines)
    return f"""\
#set page(width: {_WIDTH}pt, height: {_HEIGHT + 60}pt, margin: 0pt)
#set text(font: {fonts}, size: 15pt, hyphenate: false, fallback: false)
#place(dy: 20pt, box(width: 100%, align(center)[#text(1.4em)[*{inline(title)}*]]))
{body}
"""
