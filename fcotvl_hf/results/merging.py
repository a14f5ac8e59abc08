"""Table 4 and Figure 5: merges of one run's checkpoints beside each other, and how the checkpoints see-saw."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.eval_harness.plots import curves
from fcotvl_hf.scripts.merge_table import last_checkpoints, try_merges
from fcotvl_hf.tiny.weights import weights_of

from .stage import Figures, Pictures, Stage

_CHECKPOINTS = 5
_TASKS = ",".join(f"tiny-{task}" for task in TASKS)
"""Those by which the packaged students' weights were found, so that scores of their merge are looked up, not made."""


class Merging(Stage):
    """Last, average, task arithmetic, Shapley."""

    name = "merging"

    @property
    def settings(self) -> Figures:
        told = {"dev": self.plan.merge_dev, "test": self.plan.per_task, "tasks": _TASKS}
        return {**told, "models": list(weights_of(self._models).values())}

    @property
    def missing(self) -> str | None:
        if not last_checkpoints(self.plan.merge_run, _CHECKPOINTS):
            return f"{self.plan.merge_run} holds no checkpoint-N; name a training run with --merge-run"
        if not Path(self.plan.merge_base).is_dir():
            return f"there is no folder {self.plan.merge_base}; name where the run started with --merge-base"
        return None

    def measure(self) -> Figures:
        base, *checkpoints = self._models
        plan = self.plan
        report = try_merges(base, checkpoints, self.runs, _TASKS, plan.merge_dev, plan.per_task, cache=None)
        steps = [int(Path(folder).name.rpartition("-")[2]) for folder in checkpoints]
        return {"steps": steps, "methods": report["methods"], "seesaw": report["seesaw"]}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        steps, scores = figures["steps"], list(figures["seesaw"].values())
        lines = {
            task.removeprefix("tiny-"): ([float(step) for step in steps], [entry[task] for entry in scores])
            for task in scores[0]
        }
        return {"merging.svg": curves(lines, "optimizer step", "score", "Each checkpoint's score by task").svg}

    @property
    def _models(self) -> list[str]:
        """The base, then the checkpoints."""
        return [self.plan.merge_base, *last_checkpoints(self.plan.merge_run, _CHECKPOINTS)]


def best_steps(figures: Mapping[str, Any]) -> set[int]:
    """The steps of all checkpoints that are the best in some task.

    Args:
        figures: of the stage.
    """
    steps, scores = figures["steps"], list(figures["seesaw"].values())
    columns = ([entry[task] for entry in scores] for task in scores[0])  # [tasks][checkpoints]
    return {steps[column.index(max(column))] for column in columns}
