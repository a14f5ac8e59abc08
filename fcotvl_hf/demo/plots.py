"""The losses of what the demo trains, as SVG."""

from collections.abc import Sequence

from fcotvl_hf.eval_harness.plots import Chart, curves
from fcotvl_hf.training.callbacks import read_log

from .live import LiveModel


def live_losses(models: Sequence[LiveModel]) -> Chart:
    """Loss per response token of the live re-alignments; the control with mean pooling beside the student."""
    lines = {}
    for log in (log for model in models for log in model.logs):
        entries = read_log(log / "log.jsonl")
        lines[log.name] = [entry["step"] for entry in entries], [entry["loss"] for entry in entries]
    return curves(lines, "optimizer step", "loss, nats per token", "Losses of the live runs", log=True)
