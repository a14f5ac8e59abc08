"""The picture that all of this is about: what each model scores against what it spends, as SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .plots import INK, Chart, as_chart, finish, new_figure

_COLOURS = {"teacher": "#7b5ea7", "control": "#c77d0a", "student": "#3a7bd5", "baseline": "#d1495b"}
_MARKS = {"teacher": "*", "control": "s", "student": "o", "baseline": "x"}
_NAMES = {"teacher": "teacher", "control": "controls", "student": "students", "baseline": "untrained rivals"}


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
                color=INK,
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
