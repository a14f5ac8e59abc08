"""What ``make results`` is asked to measure."""

from dataclasses import dataclass, field
from pathlib import Path

from fcotvl_hf.tiny.laboratory import Budget


@dataclass(frozen=True)
class Plan:
    """Sizes and places.

    Args:
        out: gets the results.
        runs: keeps answers and training runs, so that a stopped stage goes on.
        per_task: pages of each task, for each seed, that the models are asked.
        seeds: of those pages; the first ``trainings`` of them are also the seeds of the studies' training pages.
        trainings: how often each student of a study is trained.
        further: name → folder of more models in the main table.
        trains: whether studies may train what is not there.
        budget: of the studies' trainings.
        studies: folder of the studies' runs.
        merge_run: training run whose checkpoints are merged; must hold ``checkpoint-N``.
        merge_base: where that run started: a folder or packaged name.
        merge_dev: pages of each task that Shapley weights are chosen on.
        pictured: pages of each task on which attention is drawn.
        measured: pages of each task over which attention is averaged.
        tiles: tiles of a prompt whose speed is measured, one table for each number.
        repeats: rounds of measuring speed.
        shape_layers: layers of InternVL2-2B's shape when its speed is measured.
    """

    out: Path
    runs: Path
    per_task: int = 1000
    seeds: tuple[int, ...] = (0, 1, 2)
    trainings: int = 3
    trains: bool = True
    further: dict[str, str] = field(default_factory=dict)
    budget: Budget = Budget(distill_steps=1500, sft_steps=500, per_task=256)
    studies: Path = Path("runs/results/studies")
    merge_run: Path = Path("runs/tiny/sft-50")
    merge_base: str = "runs/tiny/distill-50"
    merge_dev: int = 48
    pictured: int = 2
    measured: int = 32
    tiles: tuple[int, ...] = (1, 7, 13)
    repeats: int = 5
    shape_layers: int = 4
