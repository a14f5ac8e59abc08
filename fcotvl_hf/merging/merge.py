"""Writing a merged model: θ = θ_base + Σ w_i (θ_i − θ_base), one tensor at a time.

Computed in float32 as (1 − Σw) θ_base + Σ w_i θ_i, which is the same and leaves a single checkpoint of weight 1 as it
is. The result has the files, dtypes and configuration of the last checkpoint; only one weight file is in memory.
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from fcotvl_hf.hub.models import PACKAGED, resolve_model
from fcotvl_hf.io.atomic import atomic_folder

_CARRIED = (".json", ".jinja", ".py", ".model")
_NOT_CARRIED = ("trainer_state.json", "merge.json", "init.json")


def merge_checkpoints(
    base: Path | str,
    checkpoints: Sequence[Path | str],
    weights: Sequence[float],
    out: Path | str,
    method: str = "weighted",
    overwrite: bool = False,
    relative_paths: bool = False,
) -> None:
    """Merge model folders into a new one, with ``merge.json`` telling how.

    Args:
        base: folder or packaged name of θ_base, the start of the run.
        checkpoints: folders of θ_1 … θ_n, in the order of training.
        weights: w_1 … w_n.
        out: the folder to write.
        method: what the weights come from, for ``merge.json``.
        overwrite: replace ``out`` if it exists.
        relative_paths: write paths as seen from ``out``, for folders that will be moved together.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is false.
        FileNotFoundError: a folder holds no safetensors.
        ValueError: there is not one weight per checkpoint, or the folders hold different tensors.
    """
    folders = [Path(resolve_model(str(folder))) for folder in checkpoints]
    if not folders or len(folders) != len(weights):
        raise ValueError(f"{len(folders)} checkpoints and {len(weights)} weights; give one weight per checkpoint")
    terms = [(Path(resolve_model(str(base))), 1 - math.fsum(weights)), *zip(folders, weights, strict=True)]
    sources = [(_tensor_files(folder), weight) for folder, weight in terms]
    layout = sources[-1][0]
    for (folder, _), (files, _) in zip(terms, sources, strict=True):
        if different := sorted(files.keys() ^ layout.keys()):
            raise ValueError(f"{folder} and {folders[-1]} hold different tensors, e.g. {different[0]}")
    seen_from = out if relative_paths else None
    with atomic_folder(out, overwrite) as unfinished:
        for path in sorted(folders[-1].iterdir()):
            if path.suffix in _CARRIED and path.name not in _NOT_CARRIED:
                shutil.copy(path, unfinished)
        for file in sorted(set(layout.values())):
            names = [name for name, home in layout.items() if home == file]
            merged = {name: _merge_tensor(name, sources) for name in names}
            save_file(merged, unfinished / file.name, metadata={"format": "pt"})
        report = {
            "method": method,
            "base": _told(base, seen_from),
            "checkpoints": [{"path": _told(folder, seen_from), "sha256": _sha256(folder)} for folder in folders],
            "weights": list(weights),
            "versions": {name: version(name) for name in ("torch", "safetensors", "fcotvl-hf")},
        }
        (unfinished / "merge.json").write_text(json.dumps(report, indent=2) + "\n")


def _told(folder: Path | str, seen_from: Path | str | None) -> str:
    """How ``merge.json`` names a folder; packaged names stay."""
    return str(folder) if seen_from is None or str(folder) in PACKAGED else os.path.relpath(folder, seen_from)


def _tensor_files(folder: Path) -> dict[str, Path]:
    """Which file of a model folder holds which tensor."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"no *.safetensors in {folder}; give folders written by save_pretrained or a trainer")
    homes = {}
    for file in files:
        with safe_open(file, framework="pt") as tensors:
            homes.update(dict.fromkeys(tensors.keys(), file))
    return homes


def _merge_tensor(name: str, sources: list[tuple[dict[str, Path], float]]) -> torch.Tensor:
    """Σ weight × tensor in float32, in the dtype of the last source; sources of weight 0 are not read."""
    last = _load(sources[-1][0][name], name)
    total = torch.zeros_like(last, dtype=torch.float32)
    for files, weight in sources:
        if weight == 0:
            continue
        tensor = _load(files[name], name)
        if tensor.shape != last.shape:
            raise ValueError(f"{name} is {tuple(tensor.shape)} in {files[name].parent}, elsewhere {tuple(last.shape)}")
        total.add_(tensor.float(), alpha=weight)
    return total.to(last.dtype)


def _load(file: Path, name: str) -> torch.Tensor:
    with safe_open(file, framework="pt") as tensors:
        tensor: torch.Tensor = tensors.get_tensor(name)
    return tensor


def _sha256(folder: Path) -> str:
    """One hash over a folder's weight files, in order of their names."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
