"""Pictures as SVG: legible on light and dark pages, with a title and a description for those who cannot see them."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

_LINES = ("#7b5ea7", "#3a7bd5", "#d1495b", "#2a9d5c", "#c77d0a", "#11809c")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), "-.", (0, (8, 2, 2, 2)), (0, (3, 3)))
_CURVES_LETTERS, _RADAR_LETTERS = 80, 60
"""That stand beside each other in a legend."""
_KEY_LETTERS = 7
"""The room of the piece of line before each name of a legend."""
INK = "#808081"
"""Stands for the page's own colour of text, which the SVG takes in its place."""
_STYLE = "svg{color:#1f2328}@media(prefers-color-scheme:dark){svg{color:#e6edf3}}"


class Chart(NamedTuple):
    """A picture and what it shows.

    Args:
        svg: an ``<svg>`` element, which is a file of its own as well.
        title: its name.
        description: its figures in words.
    """

    svg: str
    title: str
    description: str

    @property
    def width(self) -> float:
        """How wide it was drawn, in points."""
        drawn = re.search(r'<svg[^>]* width="([\d.]+)pt"', self.svg)
        assert drawn
        return float(drawn[1])


RADAR_LINES = len(_LINES)
"""Models that a radar shows before colours repeat."""


def radar(shares: Mapping[str, Mapping[str, float]]) -> Chart:
    """What each model keeps of its teacher, a ray per task (the paper's Figure 3).

    Args:
        shares: model → task → score / teacher's score; all have the same tasks.
    """
    columns = _legend_columns(list(shares), _RADAR_LETTERS)
    figure, axes = new_figure(4.8, 4.2 + 0.2 * math.ceil(len(shares) / columns), projection="polar")
    tasks = list(next(iter(shares.values())))
    angles = [2 * math.pi * number / len(tasks) for number in range(len(tasks))]
    for (name, values), style in zip(shares.items(), _styles(len(shares)), strict=True):
        closed = [100 * values[task] for task in [*tasks, tasks[0]]]
        axes.plot([*angles, angles[0]], closed, label=name, **style)
        axes.fill([*angles, angles[0]], closed, color=style["color"], alpha=0.06)
    axes.set_xticks(angles, tasks)
    for label, angle in zip(axes.get_xticklabels(), angles, strict=True):
        across = round(math.cos(angle), 3)
        label.set_horizontalalignment("left" if across > 0 else "right" if across < 0 else "center")
    axes.set_ylim(bottom=0)
    finish(axes)
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, labelcolor=INK)
    return as_chart(figure, "Share of the teacher's score that is kept, by task", _told(shares, 1))


def legibility_chart(models: Mapping[str, Mapping[int, float]], threshold: float) -> Chart:
    """How well type of each size is read.

    Args:
        models: model → font size in pixels per em → mean score.
        threshold: score from which a size counts as read.
    """
    figure, axes = new_figure()
    for (name, sizes), style in zip(models.items(), _styles(len(models)), strict=True):
        axes.plot(list(sizes), list(sizes.values()), marker="o", markersize=4, label=name, **style)
    axes.axhline(threshold, color=INK, linewidth=1, linestyle="--")
    axes.annotate(
        f"read, from {threshold} on", (0.01, threshold), (0, 3), ("axes fraction", "data"), "offset points", color=INK
    )
    axes.set(xlabel="font size in pixels", ylabel="1 − character error rate", ylim=(0, 1.02))
    finish(axes, "lower right")
    return as_chart(figure, "The eye test: score against font size", _told(models, 2))


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], across: str, up: str, title: str, *, log: bool = False
) -> Chart:
    """Lines over steps, such as losses; lines that are one are drawn and named as one.

    Args:
        lines: name → places and heights.
        across: what the places are.
        up: what the heights are.
        title: for those who cannot see it.
        log: give each halving the same height, as losses want whose first steps fall most.
    """
    from matplotlib.ticker import MaxNLocator

    lines = _without_twins(lines)
    columns = _legend_columns(list(lines), _CURVES_LETTERS)
    figure, axes = new_figure(height=4 + 0.2 * math.ceil(len(lines) / columns))
    for (name, points), style in zip(lines.items(), _styles(len(lines)), strict=True):
        axes.plot(*points, linewidth=1.6, label=name, **style)
    axes.set(xlabel=across, ylabel=up)
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_formatter("{x:.3g}")
        axes.minorticks_off()
    finish(axes)
    figure.legend(loc="outside upper right", ncols=columns, frameon=False, labelcolor=INK)  # no line runs through it
    ends = (f"{name} ends at {points[1][-1]:.3g}" for name, points in lines.items() if points[1])
    return as_chart(figure, title, "; ".join(ends))


def _without_twins(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> dict[str, tuple[Sequence[float], Sequence[float]]]:
    """Lines that hide each other as one, with all their names."""
    names: dict[tuple[tuple[float, ...], tuple[float, ...]], list[str]] = {}
    for name, (places, heights) in lines.items():
        names.setdefault((tuple(places), tuple(heights)), []).append(name)
    return {" = ".join(shared): points for points, shared in names.items()}


def new_figure(width: float = 6, height: float = 4, projection: str | None = None) -> tuple[Any, Any]:
    """A figure and its axes.

    Args:
        width: in inches.
        height: in inches.
        projection: ``"polar"``, or the plain one.
    """
    from matplotlib.figure import Figure  # needs no display

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot(projection=projection)


def finish(axes: Any, legend: str | None = None, **legend_options: Any) -> None:
    """Legend, grid and colours that do for any background.

    Args:
        axes: with everything drawn.
        legend: where it goes; matplotlib's search for the best place warns when it takes long. ``None``: there is none.
        **legend_options: further arguments of ``axes.legend``.
    """
    if legend is not None:
        axes.legend(frameon=False, labelcolor=INK, loc=legend, **legend_options)
    axes.grid(alpha=0.25)
    axes.patch.set_alpha(0)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_color(INK)
    axes.tick_params(colors=INK)
    for name, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(name not in ("top", "right"))


def as_chart(figure: Any, title: str, description: str) -> Chart:
    """A figure as SVG, its text in the colour of the page that it stands on.

    Args:
        figure: drawn with ``new_figure`` and ``finish``.
        title: its name, read aloud by screen readers.
        description: what it shows, in words.
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": title, "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", text[text.index("<svg") :]).replace(INK, "currentColor")
    told = f"<title>{escape(title, False)}</title><desc>{escape(description, False)}</desc><style>{_STYLE}</style>"
    opened = text.index(">") + 1
    svg = f'{text[: opened - 1]} role="img" aria-label="{escape(title)}">{told}{text[opened:]}'
    return Chart(svg, title, description)


def _told(models: Mapping[str, Mapping[Any, float]], digits: int) -> str:
    """Figures of each model in words."""
    each = (
        f"{name}: " + ", ".join(f"{key} {value:.{digits}%}" for key, value in of.items()) for name, of in models.items()
    )
    return "; ".join(each)


def _legend_columns(names: Sequence[str], letters: int) -> int:
    """How many names find room beside each other."""
    return max(1, min(len(names), letters // (_KEY_LETTERS + max(map(len, names)))))


def _styles(count: int) -> list[dict[str, Any]]:
    """Lines that differ in colour and, for those who do not see it, in their dashes."""
    return [
        {"color": _LINES[number % len(_LINES)], "linestyle": _DASHES[number % len(_DASHES)]} for number in range(count)
    ]
