"""Table 4 and Figure 5: merges of one run's checkpoints beside each other, and how the checkpoints see-saw."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.eval_harness.plots import curves
from fcotvl_hf.scripts.merge_table import last_checkpoints, try_merges
from fcotvl_hf.tiny.rivalry import told_apart
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


def best_in_all(figures: Mapping[str, Any]) -> bool:
    """Whether one checkpoint is the best in all tasks, or shares the first place in some.

    Args:
        figures: of the stage.
    """
    checkpoints = list(figures["seesaw"].values())
    most = {task: max(entry[task] for entry in checkpoints) for task in checkpoints[0]}
    return any(entry == most for entry in checkpoints)


def widest(figures: Mapping[str, Any]) -> tuple[str, float, float]:
    """The task in which checkpoints differ most, and their lowest and highest score in it; argument as above."""
    checkpoints = list(figures["seesaw"].values())
    ranges = [
        (task, min(entry[task] for entry in checkpoints), max(entry[task] for entry in checkpoints))
        for task in checkpoints[0]
    ]
    return max(ranges, key=lambda found: found[2] - found[1])


def merges_apart(figures: Mapping[str, Any]) -> dict[str, list[str]]:
    """The merges by how they stand beside the last checkpoint, see ``told_apart``; argument as above."""
    bounds = {name: row["difference"]["score"] for name, row in figures["methods"].items()}
    return told_apart([name for name in bounds if name != "last"], bounds)
