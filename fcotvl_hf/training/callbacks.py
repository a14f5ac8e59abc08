"""What a run shows and leaves: one line per step in ``log.jsonl``, ``loss.png``, the checkpoints to merge, a bar."""

import io
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import ProgressCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fcotvl_hf.eval_harness.pictures import png
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.jsonl import append_json_lines, json_line, read_json_lines

from .checkpoints import pool_steps

Entry = dict[str, float]

_COLOURS = 32
"""Of a plot's PNG: enough for smooth lines, in a third of the bytes; a packaged model has several plots."""


class StepLog(TrainerCallback):
    """Append ``{"step", "loss", …}`` for each logged optimizer step.

    When a run starts or resumes, lines after the step it starts from are dropped, with a half-written last one, so no
    step is there twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if not state.is_world_process_zero:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = [entry for entry in read_log(self.path) if entry["step"] <= state.global_step]
        atomic_write(self.path, "".join(map(json_line, kept)))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if state.is_world_process_zero and logs is not None and "loss" in logs:
            append_json_lines(self.path, [{"step": state.global_step, **logs}])


class LossPlot(TrainerCallback):
    """Draw ``loss.png`` beside the log when training ends."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if state.is_world_process_zero:
            plot_losses(read_log(self.log), self.log.with_name("loss.png"), self.log.absolute().parent.name)


class MergePool(TrainerCallback):
    """Have the checkpoints saved that will be merged, whatever ``save_strategy`` says.

    Args:
        size: how many; 0 asks for none.
        start: see ``checkpoints.pool_steps``.
    """

    def __init__(self, size: int, start: float) -> None:
        self.size = size
        self.start = start
        self.steps: list[int] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.steps = pool_steps(state.max_steps, self.size, self.start)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        control.should_save |= state.global_step in self.steps


class ProgressBar(ProgressCallback):
    """The usual bar with the loss beside it, instead of a printed dictionary per step."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if self.training_bar is not None and logs is not None and "loss" in logs:
            self.training_bar.set_postfix(loss=f"{logs['loss']:.4g}")


def read_log(path: Path) -> list[Entry]:
    """Read ``log.jsonl``; a last line cut off by a kill is left out, a missing file is an empty log."""
    return read_json_lines(path)


def plot_losses(entries: list[Entry], path: Path, title: str) -> None:
    """Draw every loss of a log over its steps.

    Args:
        entries: lines of the log; ``loss`` and, from distillation, its parts ``ce`` and ``kl``.
        path: the PNG to write.
        title: what was trained.
    """
    from matplotlib.figure import Figure  # a Figure of its own draws without a display

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name in ("loss", "ce", "kl"):
        points = [(entry["step"], entry[name]) for entry in entries if name in entry]
        if points:
            axes.plot(*zip(*points, strict=True), label=name, linewidth=1)
    axes.set(xlabel="optimizer step", ylabel="per response token", title=title)
    if entries:
        axes.legend()
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=120)
    atomic_write(path, png(Image.open(drawn), _COLOURS))
