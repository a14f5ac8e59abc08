"""The losses of what the demo trains, as SVG."""

from collections.abc import Sequence

from fcotvl_hf.eval_harness.plots import as_svg, finish, new_figure
from fcotvl_hf.training.callbacks import read_log

from .live import LiveModel


def live_losses(models: Sequence[LiveModel]) -> str:
    """Loss per response token of the live re-alignments; the control with mean pooling beside the student."""
    figure, axes = new_figure()
    for model in models:
        for log in model.logs:
            entries = read_log(log / "log.jsonl")
            axes.plot([entry["step"] for entry in entries], [entry["loss"] for entry in entries], label=log.name)
    axes.set(xlabel="optimizer step", ylabel="loss per response token")
    finish(axes, "upper right")
    return as_svg(figure)
