"""Pictures as SVG that reads on light and dark pages."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

_COLOURS = {"teacher": "#888888", "control": "#e9a03b", "student": "#3a7bd5", "baseline": "#d1495b"}
_MARKS = {"teacher": "*", "control": "s", "student": "o", "baseline": "x"}
_LINES = ("#888888", "#3a7bd5", "#d1495b", "#2a9d5c", "#e9a03b", "#7b5ea7")
_GREY = "#888888"
RADAR_LINES = len(_LINES)
"""Models that a radar shows before colours repeat."""


def score_over_tokens(rows: Sequence[Mapping[str, Any]]) -> str:
    """Visual tokens per image against score, and a line through the rows that none beats in both.

    Args:
        rows: with ``kind``, ``tokens_per_image``, ``score``.
    """
    figure, axes = new_figure()
    for kind, colour in _COLOURS.items():
        chosen = [row for row in rows if row["kind"] == kind]
        points = [(row["tokens_per_image"], row["score"]) for row in chosen]
        if not points:
            continue
        axes.scatter(*zip(*points, strict=True), color=colour, marker=_MARKS[kind], s=60, label=kind)
    best = frontier([(row["tokens_per_image"], row["score"]) for row in rows])
    axes.plot(*zip(*best, strict=True), color=_GREY, linewidth=1, alpha=0.5, zorder=0)
    axes.set(xlabel="visual tokens per image", ylabel="score", ylim=(0, 1))
    axes.set_xlim(left=0)
    finish(axes, "upper left")
    return as_svg(figure)


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (cost, score) points that no other one beats in both (Pareto), cheapest first."""
    kept: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or score > kept[-1][1]:
            kept.append((cost, score))
    return kept


def radar(shares: Mapping[str, Mapping[str, float]]) -> str:
    """What each model keeps of its teacher, a ray per task (the paper's Figure 3).

    Args:
        shares: model → task → score / teacher's score; all have the same tasks.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes: Any = figure.add_subplot(projection="polar")
    tasks = list(next(iter(shares.values())))
    angles = [2 * math.pi * number / len(tasks) for number in range(len(tasks))]
    for (name, values), colour in zip(shares.items(), _cycle(len(shares)), strict=True):
        closed = [100 * values[task] for task in [*tasks, tasks[0]]]
        axes.plot([*angles, angles[0]], closed, color=colour, label=name)
        axes.fill([*angles, angles[0]], closed, color=colour, alpha=0.06)
    axes.set_xticks(angles, tasks)
    axes.set_ylim(bottom=0)
    finish(axes, "lower left", bbox_to_anchor=(1, 0))
    return as_svg(figure)


def legibility_chart(models: Mapping[str, Mapping[int, float]], threshold: float) -> str:
    """How well type of each size is read.

    Args:
        models: model → font size in pixels per em → mean score.
        threshold: score from which a size counts as read.
    """
    figure, axes = new_figure()
    for (name, sizes), colour in zip(models.items(), _cycle(len(models)), strict=True):
        axes.plot(list(sizes), list(sizes.values()), color=colour, marker="o", markersize=4, label=name)
    axes.axhline(threshold, color=_GREY, linewidth=1, linestyle="--")
    axes.set(xlabel="font size in pixels", ylabel="1 − character error rate", ylim=(0, 1.02))
    finish(axes, "lower right")
    return as_svg(figure)


def new_figure() -> tuple[Any, Any]:
    """A figure and its axes."""
    from matplotlib.figure import Figure  # needs no display

    figure = Figure(figsize=(6, 4), layout="constrained")
    return figure, figure.subplots()


def finish(axes: Any, legend: str, **legend_options: Any) -> None:
    """Legend, grid and colours that do for any background.

    Args:
        axes: with everything drawn.
        legend: where it goes; matplotlib's search for the best place warns when it takes long.
        **legend_options: further arguments of ``axes.legend``.
    """
    axes.legend(frameon=False, labelcolor=_GREY, loc=legend, **legend_options)
    axes.grid(alpha=0.25)
    axes.patch.set_alpha(0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_GREY)
    axes.tick_params(colors=_GREY)
    for spine in axes.spines.values():
        spine.set_color(_GREY)


def as_svg(figure: Any) -> str:
    """The ``<svg>`` element of a figure."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _cycle(count: int) -> list[str]:
    return [_LINES[number % len(_LINES)] for number in range(count)]
