"""The two ways to score a merge from the command line: our evaluation on pages, or somebody's own command."""

import json
import math
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from fcotvl_hf.command import UsageError, names_in
from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS as GENERATORS
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import TASKS, get_task
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .pool import Pool, Recipe
from .scoring import Scores
from .write import write_model

DEVELOPMENT = 700_000_000
"""Pages that choose weights have seeds from here on: neither training nor the exam comes near them."""
DEFAULT_LIMIT = 64
_BATCH = 64


class TaskScorer:
    """Our evaluation in the loop: one model in memory, whose weights are exchanged for each merge.

    Args:
        tasks: task → number of pages.
        first_seed: of the pages.

    Raises:
        UsageError: a task is unknown.
    """

    def __init__(self, tasks: Mapping[str, int], first_seed: int = DEVELOPMENT) -> None:
        self._rows = {task: _pages(task, count, first_seed) for task, count in tasks.items()}
        self._told = [[task, get_task(task).version, count, first_seed] for task, count in tasks.items()]
        self._loaded: tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor] | None = None

    def identity(self) -> str:
        digest = sha256(json.dumps(self._told).encode())
        for rows in self._rows.values():
            for row in rows:
                digest.update(row["images"][0].tobytes() + json.dumps(row["messages"]).encode())
        return digest.hexdigest()

    def score(self, pool: Pool, recipe: Recipe) -> Scores:
        if self._loaded is None:
            self._loaded = load_model(str(pool.model_folder))
            pool.keep_in_memory()
        model, processor = self._loaded
        weights = model.state_dict()
        with torch.no_grad():
            for name, tensor in pool.merged(recipe):
                weights[name].copy_(tensor)
        results = {
            task: evaluate(model, processor, rows, get_task(task), batch_size=_BATCH, progress=False)
            for task, rows in self._rows.items()
        }
        return {task: result.scores.tolist() for task, result in results.items()}


class CommandScorer:
    """A command whose last line on stdout is the score; the merge is written to a folder that lives as long as it runs.

    Args:
        command: words of a command line, with ``{model}`` where the folder goes. No shell is involved.

    Raises:
        UsageError: there is no ``{model}`` in it, or its quotes do not match.
    """

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"--score-command {command!r} cannot be read: {error}") from None
        if not any("{model}" in word for word in self._words):
            raise UsageError(f"--score-command {command!r} has no {{model}} where the folder of a merge would go")

    def identity(self) -> str:
        return json.dumps(self._words)

    def score(self, pool: Pool, recipe: Recipe) -> Scores:
        with tempfile.TemporaryDirectory(prefix="fcotvl-merge-") as scratch:
            folder = Path(scratch) / "model"
            folder.mkdir()
            write_model(pool, recipe, folder)
            return {"score": [self._run(str(folder))]}

    def _run(self, folder: str) -> float:
        words = [word.replace("{model}", folder) for word in self._words]
        shown = shlex.join(self._words)
        try:
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        except OSError as error:
            raise ValueError(f"--score-command {shown} cannot be run: {error.strerror}") from None
        if done.returncode:
            raise ValueError(f"--score-command {shown} failed with status {done.returncode}")
        lines = done.stdout.split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        try:
            value = float(last)
        except ValueError:
            raise ValueError(f"--score-command {shown}: its last line is {last[:80]!r}, not a number") from None
        if not math.isfinite(value):
            raise ValueError(f"--score-command {shown}: its last line is {last}, which is no score")
        return value


def parse_tasks(text: str) -> dict[str, int]:
    """``TASKS[:LIMIT]``, as in ``tiny-table,tiny-chart:64``, as task → number of pages.

    Raises:
        UsageError: a task is unknown or the limit is no whole number of at least 1.
    """
    names, colon, limit = text.partition(":")
    if colon and not (limit.isdecimal() and int(limit) > 0):
        raise UsageError(f"--score-with {text}: {limit!r} is not a whole number of at least 1")
    tasks = names_in(names)
    if not tasks:
        raise UsageError(f"--score-with {text!r} names no task; try {', '.join(TASKS)}")
    try:
        return {get_task(task).name: int(limit or DEFAULT_LIMIT) for task in tasks}
    except ValueError as error:
        raise UsageError(f"--score-with {text}: {error}") from None


def _pages(task: str, count: int, first_seed: int) -> list[dict[str, Any]]:
    kind = task.removeprefix("tiny-")
    if kind not in GENERATORS:
        known = ", ".join(f"tiny-{name}" for name in GENERATORS)
        raise UsageError(f"there are no development pages for task {task}; choose from {known}, or use --score-command")
    return [GENERATORS[kind](first_seed + index, Domain()).row() for index in range(count)]
