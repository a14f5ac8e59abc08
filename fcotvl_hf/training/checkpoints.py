"""Checkpoints that are whole or not there, found again, and cleared away.

A checkpoint is written to ``.checkpoint-N.part`` and renamed when it is complete, so a full disk or a kill leaves the
earlier ones as they were.
"""

import json
import shutil
from collections.abc import Collection
from pathlib import Path

from transformers import TrainerState


def complete_checkpoints(output_dir: Path) -> list[Path]:
    """All checkpoints that were written to their end, in the order of training."""
    return [folder for folder in _numbered(output_dir) if _is_complete(folder)]


def last_checkpoint(output_dir: Path) -> Path | None:
    """The newest checkpoint that was written to its end."""
    return next(reversed(complete_checkpoints(output_dir)), None)


def step_of(checkpoint: Path) -> int:
    """Optimizer steps that led to a checkpoint."""
    return int(checkpoint.name.removeprefix("checkpoint-"))


def unfinished_name(step: int) -> str:
    """Where the checkpoint of ``step`` is written before it gets its name."""
    return f".checkpoint-{step}.part"


UNFINISHED_MODEL = ".model.part"
"""Where the trained model is written before its files get their place."""


def remove_unfinished(output_dir: Path) -> None:
    """Delete what a run that was stopped while saving has left."""
    for folder in (*output_dir.glob(".checkpoint-*.part"), *output_dir.glob(UNFINISHED_MODEL)):
        shutil.rmtree(folder)


def remove_old(output_dir: Path, limit: int | None, kept_steps: Collection[int]) -> None:
    """Delete the oldest checkpoints above a limit.

    Args:
        output_dir: the run's folder.
        limit: how many to leave beside those in ``kept_steps``, the newest; ``None`` leaves all.
        kept_steps: steps whose checkpoints stay in any case.
    """
    if limit is None:
        return
    for folder in [folder for folder in _numbered(output_dir) if step_of(folder) not in kept_steps][: -max(limit, 1)]:
        shutil.rmtree(folder)


def pool_steps(max_steps: int, size: int, start: float) -> list[int]:
    """Steps of the checkpoints to merge, evenly spaced up to the last one.

    Args:
        max_steps: optimizer steps of the whole run.
        size: how many checkpoints.
        start: share of the run before the first of the equal parts; each part ends with a checkpoint.

    Raises:
        ValueError: the run is too short for that many.
    """
    first = max_steps * start
    steps = [round(first + (max_steps - first) * part / size) for part in range(1, size + 1)]
    if len({0, *steps}) <= size:
        raise ValueError(f"merge_pool {size} does not fit into {max_steps} steps with merge_pool_start {start}")
    return steps


def _numbered(output_dir: Path) -> list[Path]:
    """Folders with a checkpoint's name; a copy that somebody called ``checkpoint-500-best`` is none."""
    found = output_dir.glob("checkpoint-*")
    return sorted((path for path in found if path.name.removeprefix("checkpoint-").isdecimal()), key=step_of)


def _is_complete(checkpoint: Path) -> bool:
    """Whether a checkpoint can be read; the trainer writes ``trainer_state.json`` last."""
    try:
        TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    except (OSError, json.JSONDecodeError):
        return False
    return True
