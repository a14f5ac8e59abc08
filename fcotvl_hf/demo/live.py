"""What the demo trains before your eyes, with the same commands that users have."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

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


def train_live(folder: Path, budget: Budget, seed: int) -> list[LiveModel]:
    """Train the live student and, if the budget has them, the controls.

    Args:
        folder: gets one folder per run.
        budget: numbers of steps.
        seed: of the pages and their order.
    """
    models = [_compressed("live student 50 %", "student", "conv1d", folder, budget, seed)]
    if budget.controls:
        models.append(_compressed("control: mean pooling + same training", "control", "mean", folder, budget, seed))
        models.append(_teacher(folder, budget, seed))
    return models


def _compressed(
    name: str, kind: Literal["student", "control"], compressor: str, folder: Path, budget: Budget, seed: int
) -> LiveModel:
    """Init → re-align → post-train → average, at stride 2."""
    realigned, tuned = folder / f"{compressor}-50-realigned", folder / f"{compressor}-50-posttrained"
    realign("tiny", realigned, 50, compressor, budget.distill_steps, _options(seed))
    merged = post_train(str(realigned), tuned, 50, budget.sft_steps, _options(seed + 1))
    stages = {"start": realigned / "init", "realigned": realigned, "posttrained": tuned, "merged": merged}
    return LiveModel(name, kind, 0.5, stages, [realigned, tuned])


def _teacher(folder: Path, budget: Budget, seed: int) -> LiveModel:
    """The teacher after the same post-training, at stride 1."""
    tuned = folder / "teacher-posttrained"
    merged = post_train("tiny", tuned, 50, budget.sft_steps, _options(seed + 1))
    return LiveModel("control: teacher + same SFT", "control", 0.0, {"merged": merged}, [tuned])


def _options(seed: int) -> tuple[str, ...]:
    return (*_EXTRA, "--seed", str(seed), "--ocr_seed", str(_SEEDS + seed * 100_000))
