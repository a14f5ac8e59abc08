"""Writing a merged model: θ = θ_base + Σ w_i (θ_i − θ_base), one tensor at a time."""

from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.hub.names import check_output

from .pool import Pool, Recipe
from .report import write_merge


def merge_checkpoints(
    base: Path | str,
    checkpoints: Sequence[Path | str],
    weights: Sequence[float],
    out: Path | str,
    method: str = "weighted",
    overwrite: bool = False,
    relative_paths: bool = False,
) -> None:
    """Merge model folders into a new one, with ``merge.json`` and a card telling how.

    Computed in float32 as (1 − Σw) θ_base + Σ w_i θ_i and rounded once, to the types of the last checkpoint, whose
    configuration, tokenizer and code the result has. No more than one tensor of the result is in memory.

    Args:
        base: folder or packaged name of θ_base, the start of the run.
        checkpoints: folders of θ_1 … θ_n, models or LoRA adapters of the base, in the order of training.
        weights: w_1 … w_n.
        out: the folder to write.
        method: what the weights come from, for ``merge.json``.
        overwrite: replace ``out`` if it exists.
        relative_paths: write paths as seen from ``out``, for folders that will be moved together.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is false.
        FileNotFoundError: a folder holds no safetensors.
        ValueError: there is not one weight per checkpoint, or the folders do not belong together.
        OSError: the disk is full; nothing is left of ``out``.
    """
    if not checkpoints or len(checkpoints) != len(weights):
        raise ValueError(f"{len(checkpoints)} checkpoints and {len(weights)} weights; give one weight per checkpoint")
    pool = Pool(base, checkpoints)
    for source in (pool.base, *pool.checkpoints):
        check_output(Path(out), str(source.folder))
    write_merge(
        pool,
        Recipe(tuple(weights)),
        Path(out),
        method=method,
        base=str(base),
        checkpoints=[str(folder) for folder in checkpoints],
        overwrite=overwrite,
        relative_paths=relative_paths,
    )
