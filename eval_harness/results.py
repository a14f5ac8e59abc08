"""``results.json``: what one evaluation measured, and everything needed to repeat it."""

import json
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

from fcotvl_hf.io.atomic import atomic_write

from .backend import Backend
from .fingerprint import settings_hash
from .result import TaskResult

SCHEMA = 1
"""Raised whenever a key changes its meaning."""

_PACKAGES = ("fcotvl-hf", "torch", "transformers", "tokenizers", "Pillow", "numpy")


class TaskEntry(TypedDict):
    """One task of ``Results``."""

    version: int  # of the task: scores of different versions do not compare
    n: int  # samples
    score: float  # mean over the samples, 0 to 1
    metrics: dict[str, float]  # further figures of the task
    stderr: float  # standard error of the score
    tokens_per_image: float  # mean number of visual tokens that the language model saw for an image
    settings: dict[str, Any]  # prompt, tiles, max_new_tokens


class Results(TypedDict):
    """The content of ``results.json``."""

    schema: int
    model: str  # folder, Hub id or the name of a baseline
    revision: str | None  # commit of a Hub repository, else null
    compression: float  # share of visual tokens removed
    tasks: dict[str, TaskEntry]
    settings_hash: str  # equal for equal weights, tasks and settings
    versions: dict[str, str]
    backend: str  # what computed the answers: transformers or vllm
    device: str
    dtype: str
    commit: str | None  # of this code's checkout, null outside one
    seconds: float


def build_results(
    backend: Backend,
    name: str,
    results: Sequence[TaskResult],
    revision: str | None = None,
    earlier: Results | None = None,
) -> Results:
    """Gather the results of one model.

    Args:
        backend: what answered, with the model that was evaluated.
        name: its folder, Hub id or baseline's name.
        results: one per task.
        revision: commit of the Hub repository it was loaded from.
        earlier: results of the same model; their other tasks are kept.
    """
    tasks = {**(earlier["tasks"] if earlier else {}), **{result.task.name: _entry(result) for result in results}}
    versions = {package: version(package) for package in _PACKAGES} | backend.versions
    settings = {name: [entry["version"], entry["settings"]] for name, entry in tasks.items()}
    return Results(
        schema=SCHEMA,
        model=name,
        revision=revision,
        compression=backend.config.compression,
        tasks=tasks,
        settings_hash=settings_hash({"model": backend.fingerprint, "tasks": settings}),
        versions={"python": platform.python_version(), **versions},
        backend=backend.name,
        device=backend.device,
        dtype=backend.dtype,
        commit=code_commit(),
        seconds=sum(result.seconds for result in results),
    )


def write_results(folder: Path, results: Results) -> Path:
    """Write ``folder/results.json`` in one step and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    atomic_write(path, json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return path


def read_results(folder: Path) -> Results | None:
    """Read ``folder/results.json``; ``None`` if there is none.

    Raises:
        ValueError: it is broken, or of another version of this code.
    """
    path = folder / "results.json"
    if not path.exists():
        return None
    try:
        results: Results = json.loads(path.read_text(encoding="utf-8"))
        schema = results["schema"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no file of results: {error}") from error
    if schema != SCHEMA:
        raise ValueError(f"{path} has schema {schema}, this version reads {SCHEMA}; evaluate again")
    return results


def _entry(result: TaskResult) -> TaskEntry:
    return TaskEntry(
        version=result.task.version,
        n=len(result.samples),
        score=result.score,
        metrics=result.metrics,
        stderr=result.stderr,
        tokens_per_image=result.tokens_per_image,
        settings=result.settings,
    )


def code_commit() -> str | None:
    """The commit of this code; ``None`` where it is installed, even inside somebody else's repository."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        tracked = subprocess.run([*git, "ls-files", "--error-unmatch", __file__], capture_output=True, check=False)
        finished = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git on this machine
        return None
    return finished.stdout.strip() if tracked.returncode == finished.returncode == 0 else None
