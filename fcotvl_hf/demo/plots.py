"""The demo's two pictures as SVG that reads on light and dark pages: score over tokens, and the live losses."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from fcotvl_hf.training.callbacks import read_log

from .live import LiveModel

_COLOURS = {"teacher": "#888888", "control": "#e9a03b", "student": "#3a7bd5", "baseline": "#d1495b"}
_MARKS = {"teacher": "*", "control": "s", "student": "o", "baseline": "x"}
_GREY = "#888888"


def score_over_tokens(rows: Sequence[Mapping[str, Any]]) -> str:
    """Every contender as a point: visual tokens per image against score; a star in the label means trained live."""
    figure, axes = _figure()
    for kind, colour in _COLOURS.items():
        chosen = [row for row in rows if row["kind"] == kind]
        points = [(row["tokens_per_image"], row["score"]) for row in chosen]
        if not points:
            continue
        axes.scatter(*zip(*points, strict=True), color=colour, marker=_MARKS[kind], s=60, label=kind)
    axes.set(xlabel="visual tokens per image", ylabel="score", ylim=(0, 1))
    axes.set_xlim(left=0)
    _finish(axes)
    return _svg(figure)


def live_losses(models: Sequence[LiveModel]) -> str:
    """Loss per response token of the live re-alignments; the control with mean pooling beside the student."""
    figure, axes = _figure()
    for model in models:
        for log in model.logs:
            entries = read_log(log / "log.jsonl")
            axes.plot([entry["step"] for entry in entries], [entry["loss"] for entry in entries], label=log.name)
    axes.set(xlabel="optimizer step", ylabel="loss per response token")
    _finish(axes)
    return _svg(figure)


def _figure() -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # needs no display

    figure = Figure(figsize=(6, 4), layout="constrained")
    return figure, figure.subplots()


def _finish(axes: Any) -> None:
    axes.legend(frameon=False, labelcolor=_GREY)
    axes.grid(alpha=0.25)
    axes.patch.set_alpha(0)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(_GREY)
    axes.tick_params(colors=_GREY)
    for spine in axes.spines.values():
        spine.set_color(_GREY)


def _svg(figure: Any) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
