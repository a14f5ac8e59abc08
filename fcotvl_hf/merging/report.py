"""What is told about a merge, in its folder: ``merge.json``, a mergekit configuration, pictures and the card."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fcotvl_hf.hub.names import PACKAGED
from fcotvl_hf.io.atomic import atomic_folder, atomic_write

from .card import CHART, SEESAW, merge_card
from .mergekit import mergekit_config
from .plots import plot_seesaw, plot_shapley
from .pool import Pool, Recipe
from .shapley import Subset
from .sources import is_adapter
from .write import write_model

MERGEKIT = "mergekit_config.yml"


@dataclass(frozen=True)
class Findings:
    """What scoring found.

    Args:
        scores: scores per task of the base, of each checkpoint and of the merge, in this order.
        phi: Shapley value of each checkpoint.
        stderr: their standard errors; zeros if they are exact.
        phi_per_task: task → Shapley values.
        values: v of the subsets that were scored.
        fallback: the checkpoint that was taken alone because no φ is positive.
    """

    scores: Sequence[Mapping[str, float]] = ()
    phi: Sequence[float] = ()
    stderr: Sequence[float] = ()
    phi_per_task: Mapping[str, Sequence[float]] = field(default_factory=dict)
    values: Mapping[Subset, float] = field(default_factory=dict)
    fallback: int | None = None


def write_merge(
    pool: Pool,
    recipe: Recipe,
    out: Path,
    *,
    method: str,
    base: str,
    checkpoints: Sequence[str],
    findings: Findings = Findings(),  # noqa: B008  # frozen
    overwrite: bool = False,
    relative_paths: bool = False,
) -> None:
    """Write a merge and its account; all of it or nothing.

    Args:
        pool: the checkpoints.
        recipe: what to make of them.
        out: the folder to write.
        method: where the weights come from.
        base: what the user calls the base.
        checkpoints: what the user calls the checkpoints.
        findings: what scoring found.
        overwrite: replace ``out`` if it exists.
        relative_paths: write paths as seen from ``out``, for folders that will be moved together.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is false.
        OSError: the disk is full, or a checkpoint cannot be read.
    """
    seen_from = out if relative_paths else None
    told_base, *told = (_told(folder, seen_from) for folder in (base, *checkpoints))
    with atomic_folder(out, overwrite) as folder:
        write_model(pool, recipe, folder)
        hashes = [source.sha256() for source in pool.checkpoints]
        report = {
            "method": method,
            "base": told_base,
            "checkpoints": [{"path": path, "sha256": sha} for path, sha in zip(told, hashes, strict=True)],
            "weights": list(recipe.weights),
            "settings": dict(recipe.settings),
            **_told_findings(findings, names_of(told)),
            "versions": {name: version(name) for name in ("torch", "safetensors", "transformers", "fcotvl-hf")},
        }
        atomic_write(folder / "merge.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        _write_mergekit(folder, pool, recipe, str(pool.base.folder) if base in PACKAGED else told_base, told)
        _draw(folder, report, findings)
        origin = None if base in PACKAGED or Path(base).is_dir() else base
        merge_card(folder, out.name, report, origin).save(folder / "README.md")


def names_of(paths: Sequence[str]) -> list[str]:
    """Short names of checkpoints: the last part of each path if that tells them apart, else the whole, or numbered."""
    for names in ([Path(path).name for path in paths], list(paths)):
        if len({*names, "base", "merge"}) == len(names) + 2:
            return names
    return [f"{number}: {path}" for number, path in enumerate(paths, start=1)]


def _told(folder: str, seen_from: Path | None) -> str:
    """How ``merge.json`` names a folder; packaged names stay."""
    return folder if seen_from is None or folder in PACKAGED else os.path.relpath(folder, seen_from)


def _told_findings(findings: Findings, names: list[str]) -> dict[str, Any]:
    """The findings as JSON; what was not found is left out."""
    told: dict[str, Any] = {}
    if findings.phi:
        told |= {"phi": list(findings.phi), "phi_stderr": list(findings.stderr), "fallback": findings.fallback}
        told["phi_per_task"] = {task: list(phi) for task, phi in findings.phi_per_task.items()}
    if findings.values:
        ordered = sorted(findings.values.items(), key=lambda item: (len(item[0]), sorted(item[0])))
        told["values"] = {",".join(map(str, sorted(subset))): value for subset, value in ordered}
    if findings.scores:
        told["scores"] = dict(zip(["base", *names, "merge"], map(dict, findings.scores), strict=True))
    return told


def _write_mergekit(folder: Path, pool: Pool, recipe: Recipe, base: str, checkpoints: list[str]) -> None:
    adapters = [is_adapter(source.folder) for source in pool.checkpoints]
    models = [f"{base}+{path}" if adapter else path for path, adapter in zip(checkpoints, adapters, strict=True)]
    dtypes = [str(spec.dtype).removeprefix("torch.") for spec in pool.specs.values() if spec.dtype.is_floating_point]
    config = mergekit_config(recipe, base, models, max(set(dtypes), key=dtypes.count))
    if config is not None:
        atomic_write(folder / MERGEKIT, config)


def _draw(folder: Path, report: Mapping[str, Any], findings: Findings) -> None:
    if scores := report.get("scores"):
        plot_seesaw({name: found for name, found in scores.items() if name != "base"}, folder / SEESAW)
    if findings.phi:
        names = names_of([entry["path"] for entry in report["checkpoints"]])
        phi = {"mean": findings.phi, **(findings.phi_per_task if len(findings.phi_per_task) > 1 else {})}
        plot_shapley(names, phi, findings.stderr, folder / CHART)
