"""``results.json``: what one evaluation measured, and everything needed to repeat it."""

import json
import platform
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any, NotRequired, TypedDict

from fcotvl_hf.io.atomic import atomic_write

from .backend import Backend
from .fingerprint import settings_hash
from .result import TaskResult

SCHEMA = 1
"""Raised whenever a key changes its meaning."""

_PACKAGES = ("fcotvl-hf", "torch", "transformers", "tokenizers", "Pillow", "numpy")


@dataclass(frozen=True)
class Reduction:
    """How a model was reduced that is not its configuration's to say.

    Args:
        name: what it is called beside the model's name, such as ``fastv:0.5``.
        compression: share of visual tokens removed.
        tokens_per_layer: from a row's placeholders to the visual tokens that each layer of the language model sees.
    """

    name: str
    compression: float
    tokens_per_layer: Callable[[int], Sequence[int]]


class TaskEntry(TypedDict):
    """One task of ``Results``."""

    version: int  # of the task: scores of different versions do not compare
    n: int  # samples
    score: float  # mean over the samples, 0 to 1
    metrics: dict[str, float]  # further figures of the task
    stderr: float  # standard error of the score
    tokens_per_image: float  # mean number of visual tokens that the language model's last layer saw for an image
    tokens_over_layers: NotRequired[float]  # of a reduction: mean over its layers, some of which may see more
    settings: dict[str, Any]  # prompt, tiles, max_new_tokens


class Results(TypedDict):
    """The content of ``results.json``."""

    schema: int
    model: str  # folder, Hub id or the name of a baseline
    revision: str | None  # commit of a Hub repository, else null
    reduction: NotRequired[str]  # METHOD:KEEP of a model that was reduced without training
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
    reduction: Reduction | None = None,
) -> Results:
    """Gather the results of one model.

    Args:
        backend: what answered, with the model that was evaluated.
        name: its folder, Hub id or baseline's name.
        results: one per task.
        revision: commit of the Hub repository it was loaded from.
        earlier: results of the same model; their other tasks are kept.
        reduction: how it was reduced, if it was.
    """
    own = {result.task.name: _entry(result, reduction) for result in results}
    tasks = {**(earlier["tasks"] if earlier else {}), **own}
    versions = {package: version(package) for package in _PACKAGES} | backend.versions
    settings = {name: [entry["version"], entry["settings"]] for name, entry in tasks.items()}
    told = Results(
        schema=SCHEMA,
        model=f"{name} {reduction.name}" if reduction else name,
        revision=revision,
        compression=reduction.compression if reduction else backend.config.compression,
        tasks=tasks,
        settings_hash=settings_hash({"model": backend.fingerprint, "tasks": settings}),
        versions={"python": platform.python_version(), **versions},
        backend=backend.name,
        device=backend.device,
        dtype=backend.dtype,
        commit=code_commit(),
        seconds=sum(result.seconds for result in results),
    )
    return told | {"reduction": reduction.name} if reduction else told


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


def _entry(result: TaskResult, reduction: Reduction | None) -> TaskEntry:
    entry = TaskEntry(
        version=result.task.version,
        n=len(result.samples),
        score=result.score,
        metrics=result.metrics,
        stderr=result.stderr,
        tokens_per_image=result.tokens_per_image,
        settings=result.settings,
    )
    if reduction:
        layers = [reduction.tokens_per_layer(record["tokens"]) for record in result.samples]
        entry["tokens_per_image"] = sum(seen[-1] for seen in layers) / max(1, result.images)
        entry["tokens_over_layers"] = sum(fmean(seen) for seen in layers) / max(1, result.images)
    return entry


def code_commit() -> str | None:
    """The commit of this code, with ``-dirty`` if tracked files differ from it.

    Returns:
        ``None`` where the code is installed, even inside somebody else's repository.
    """
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        tracked = subprocess.run([*git, "ls-files", "--error-unmatch", __file__], capture_output=True, check=False)
        finished = subprocess.run(
            [*git, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:  # no git on this machine
        return None
    return finished.stdout.strip() if tracked.returncode == finished.returncode == 0 else None
