"""Pictures as SVG: legible on light and dark pages, with a title and a description for those who cannot see them."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

_COLOURS = {"teacher": "#7b5ea7", "control": "#c77d0a", "student": "#3a7bd5", "baseline": "#d1495b"}
_MARKS = {"teacher": "*", "control": "s", "student": "o", "baseline": "x"}
_NAMES = {"teacher": "teacher", "control": "controls", "student": "students", "baseline": "untrained rivals"}
_LINES = ("#7b5ea7", "#3a7bd5", "#d1495b", "#2a9d5c", "#c77d0a", "#11809c")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), "-.", (0, (8, 2, 2, 2)), (0, (3, 3)))
_CURVES_LETTERS, _RADAR_LETTERS = 80, 60
"""That stand beside each other in a legend."""
_KEY_LETTERS = 7
"""The room of the piece of line before each name of a legend."""
_INK = "#808081"
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


def score_over_tokens(rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Visual tokens per image against score; a line joins the teacher and the best student of each cost.

    Args:
        rows: with ``kind``, ``label``, ``score``, and ``tokens_over_layers``, the mean over layers of the visual tokens
            that they see.
    """
    figure, axes = new_figure(7.6, 5.4)
    for kind, colour in _COLOURS.items():
        points = [(row["tokens_over_layers"], row["score"]) for row in rows if row["kind"] == kind]
        if points:
            filled = {"s": 110} if kind == "teacher" else {"s": 55}
            axes.scatter(*zip(*points, strict=True), color=colour, marker=_MARKS[kind], label=_NAMES[kind], **filled)
    ours = [(row["tokens_over_layers"], row["score"]) for row in rows if row["kind"] in ("teacher", "student")]
    axes.plot(*zip(*frontier(ours), strict=True), color=_COLOURS["student"], linewidth=2, alpha=0.7, zorder=0)
    _spread_over_halves(axes, [row["tokens_over_layers"] for row in rows])
    _label_points(axes, rows)
    axes.set(xlabel="visual tokens per image, mean over layers", ylabel="score, mean of the tasks", ylim=(0, 1))
    finish(axes, "upper left", ncols=2)
    told = (f"{row['label']}: {row['tokens_over_layers']:.1f} tokens, score {row['score']:.3f}" for row in rows)
    return as_chart(figure, "Score against visual tokens per image", "; ".join(told))


def _spread_over_halves(axes: Any, tokens: Sequence[float]) -> None:
    """An axis on which each halving of the most tokens is one step to the left, with room for labels at the right."""
    most, least = max(tokens), min(tokens)
    halvings = max(1, math.ceil(math.log2(most / least) - 0.1))
    axes.set_xscale("log", base=2)
    axes.set_xlim(most / 2 ** (halvings + 0.15), most * 2**0.8)
    ticks = [most / 2**number for number in range(halvings, -1, -1)]
    axes.set_xticks(ticks, [f"{tick:.1f}" for tick in ticks])
    axes.minorticks_off()


_NEIGHBOURS = 1.3
"""Points whose costs differ by no more than this factor share a column of names: one's name would hide the next one."""
_BELOW = 0.02
"""How far below their points ours are named, for the line that joins them goes up from there."""


def _label_points(axes: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Names to the right of the points, those of neighbours moved apart."""
    columns: list[list[Mapping[str, Any]]] = []
    for row in sorted(rows, key=lambda row: row["tokens_over_layers"]):
        if not columns or row["tokens_over_layers"] > _NEIGHBOURS * columns[-1][-1]["tokens_over_layers"]:
            columns.append([])
        columns[-1].append(row)
    for column in columns:
        column.sort(key=_height)
        right = max(row["tokens_over_layers"] for row in column)
        heights = moved_apart([_height(row) for row in column], 0.042, 0.02, 0.98)
        for row, height in zip(column, heights, strict=True):
            point = (row["tokens_over_layers"], row["score"])
            ours = row["kind"] in ("teacher", "student")
            arrow = {
                "arrowstyle": "-",
                "color": _COLOURS[row["kind"]],
                "linewidth": 0.6,
                "shrinkB": 4,
                "relpos": (0, 0.5),
            }
            axes.annotate(
                row["label"],
                point,
                (1.07 * (row["tokens_over_layers"] if ours else right), height),
                va="center",
                fontsize=10,
                fontweight="bold" if ours else "normal",
                color=_INK,
                arrowprops=arrow,
            )


def _height(row: Mapping[str, Any]) -> float:
    """Where a name would stand if it were alone."""
    return row["score"] - (_BELOW if row["kind"] in ("teacher", "student") else 0)


def moved_apart(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move heights as little as it takes to keep a gap between neighbours and all within bounds.

    Args:
        heights: in ascending order.
        gap: least distance of neighbours.
        low: lower bound.
        high: upper bound; with more heights than find room, it is kept and the lower one is not.
    """
    raised, lowered = [heights[0]], [heights[-1]]
    for height in heights[1:]:
        raised.append(max(height, raised[-1] + gap))
    for height in heights[-2::-1]:
        lowered.append(min(height, lowered[-1] - gap))
    placed = [(up + down) / 2 for up, down in zip(raised, reversed(lowered), strict=True)]
    for number, height in enumerate(placed):
        placed[number] = max(height, low + number * gap)
    for number, height in enumerate(reversed(placed), 1):
        placed[-number] = min(height, high - (number - 1) * gap)
    return placed


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (cost, score) points that no other one beats in both (Pareto), cheapest first."""
    kept: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or score > kept[-1][1]:
            kept.append((cost, score))
    return kept


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
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, labelcolor=_INK)
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
    axes.axhline(threshold, color=_INK, linewidth=1, linestyle="--")
    axes.annotate(
        f"read, from {threshold} on", (0.01, threshold), (0, 3), ("axes fraction", "data"), "offset points", color=_INK
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
    figure.legend(loc="outside upper right", ncols=columns, frameon=False, labelcolor=_INK)  # no line runs through it
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
        axes.legend(frameon=False, labelcolor=_INK, loc=legend, **legend_options)
    axes.grid(alpha=0.25)
    axes.patch.set_alpha(0)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_color(_INK)
    axes.tick_params(colors=_INK)
    for name, spine in axes.spines.items():
        spine.set_color(_INK)
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
    text = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", text[text.index("<svg") :]).replace(_INK, "currentColor")
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
