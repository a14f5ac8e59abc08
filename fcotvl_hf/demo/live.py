"""What the demo trains before your eyes, with the same commands that users have."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rich.console import Console

from fcotvl_hf.tiny.students import post_train, realign

from .budget import Budget

_EXTRA = ("--save_only_model", "true", "--ocr_size", "20000")
_SEEDS = 900_000_000
"""Live training draws pages from this seed on; evaluation stays far below it."""


@dataclass(frozen=True)
class LiveModel:
    """A model trained during the demo.

    Args:
        name: what the table calls it.
        kind: ``"student"`` or ``"control"``.
        compression: share of the visual tokens that it removes.
        stages: stage → folder, in the order of training.
        logs: folders with ``log.jsonl`` of the stages that trained.
    """

    name: str
    kind: Literal["student", "control"]
    compression: float
    stages: dict[str, Path]
    logs: list[Path] = field(default_factory=list)


def train_live(folder: Path, budget: Budget, seed: int, console: Console) -> list[LiveModel]:
    """Train the live student and, if the budget has them, the controls.

    Args:
        folder: gets one folder per run.
        budget: numbers of steps.
        seed: of the pages and their order.
        console: says what is being run.
    """
    models = [_compressed("live student 50 %", "student", "conv1d", folder, budget, seed, console)]
    if budget.controls:
        models.append(
            _compressed("control: mean pooling + same training", "control", "mean", folder, budget, seed, console)
        )
        models.append(_teacher(folder, budget, seed, console))
    return models


def _compressed(
    name: str,
    kind: Literal["student", "control"],
    compressor: str,
    folder: Path,
    budget: Budget,
    seed: int,
    console: Console,
) -> LiveModel:
    """Init → re-align → post-train → average, at stride 2."""
    realigned, tuned = folder / f"{compressor}-50-realigned", folder / f"{compressor}-50-posttrained"
    made = f"--teacher tiny --stride 2 --compressor {compressor}"
    console.print(f"[bold]$ fcotvl distill[/] {made} --max_steps {budget.distill_steps}")
    realign("tiny", realigned, 2, compressor, budget.distill_steps, _options(seed))
    console.print(f"[bold]$ fcotvl sft[/] --student {realigned.name} --max_steps {budget.sft_steps}")
    merged = post_train(str(realigned), tuned, budget.sft_steps, _options(seed + 1))
    stages = {"start": realigned / "init", "realigned": realigned, "posttrained": tuned, "merged": merged}
    return LiveModel(name, kind, 0.5, stages, [realigned, tuned])


def _teacher(folder: Path, budget: Budget, seed: int, console: Console) -> LiveModel:
    """The teacher, post-trained on as many pages as the student saw in both of its stages."""
    tuned, steps = folder / "teacher-posttrained", budget.distill_steps + budget.sft_steps
    console.print(f"[bold]$ fcotvl sft[/] --student tiny --max_steps {steps}")
    merged = post_train("tiny", tuned, steps, _options(seed + 1))
    return LiveModel("control: teacher + same data", "control", 0.0, {"merged": merged}, [tuned])


def _options(seed: int) -> tuple[str, ...]:
    return (*_EXTRA, "--seed", str(seed), "--ocr_seed", str(_SEEDS + seed * 100_000))
