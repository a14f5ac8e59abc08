"""The packaged students and the controls, made with the commands and the recipes that users have.

A student is re-aligned, post-trained in all parameters, and merged from its last checkpoints with Shapley weights. The
75 % student starts from the 50 % one, not from the teacher; the two ways were not compared under equal training. The
controls get the same data for the same number of steps, and are merged alike: the teacher itself at stride 1, and
students whose compressor is plain mean pooling. What they score tells what the data gives and what the compressor
gives.
"""

import logging
import shlex
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import torch

from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.merging.command import MergeOptions, merge
from fcotvl_hf.merging.merge import merge_checkpoints
from fcotvl_hf.merging.weights import average
from fcotvl_hf.scripts import distill, sft
from fcotvl_hf.training.checkpoints import complete_checkpoints

from .commands import note_command
from .precision import has_bfloat16
from .teacher import package

logger = logging.getLogger(__name__)

SHARES = (50, 75)
"""Per cent of the visual tokens that the students do without; the recipes are named after them."""
MERGED = 5
"""Checkpoints of the post-training that are merged."""
_DEV_PAGES = 48
"""Pages of each task that choose the weights of a packaged student's merge."""
_SEEDS = {"distill": 100_000_000, "sft": 200_000_000}
"""``ocr_seed`` of the recipes; a further round draws other pages."""
_SEEDS_PER_ROUND = 10_000_000
_LONG = ("--compile_towers", "true") if has_bfloat16() else ()
"""What only long runs are worth; in float32 the matrix products leave nothing to gain."""


def make_students(assets: Path, out: Path, distill_steps: int, sft_steps: int) -> None:
    """Make and package the 50 % student of the packaged teacher, and from it the 75 % student.

    Args:
        assets: holds ``fcot-vl-tiny``; gets the students.
        out: checkpoints and logs.
        distill_steps: optimizer steps of the re-alignment.
        sft_steps: optimizer steps of the post-training.
    """
    teacher = start = assets / "fcot-vl-tiny"
    for share in SHARES:
        realigned, tuned = out / f"distill-{share}", out / f"sft-{share}"
        options = (*_teach(teacher, start), *_LONG)
        realign(str(start), realigned, share, "conv1d", distill_steps, options, note=True)
        merged = post_train(str(realigned), tuned, share, sft_steps, _LONG, note=True, dev_pages=_DEV_PAGES)
        start = _package(merged, assets, share, [realigned, tuned])


def train_students_on(assets: Path, out: Path, sft_steps: int, sft_lr: float) -> None:
    """Post-train the packaged students for another round, which starts from the last one's merge.

    Args:
        assets: holds the students, which are replaced.
        out: checkpoints and logs.
        sft_steps: optimizer steps of the round.
        sft_lr: its peak learning rate; the recipe's unlearns a part first.
    """
    for share in SHARES:
        student = assets / f"fcot-vl-tiny-{share}"
        rounds = len(list(student.glob(f"sft-{share}*.png")))
        tuned = out / f"sft-{share}-{rounds + 1}"
        options = ("--learning_rate", str(sft_lr), *other_pages("sft", rounds), *_LONG)
        merged = post_train(str(student), tuned, share, sft_steps, options, note=True, dev_pages=_DEV_PAGES)
        _package(merged, assets, share, [tuned], student)


def make_controls(assets: Path, out: Path, distill_steps: int, sft_steps: int) -> None:
    """Train the controls: the teacher at stride 1, and mean pooling at both compressions; arguments as above."""
    teacher = start = assets / "fcot-vl-tiny"
    post_train(str(teacher), out / "control-teacher", SHARES[0], sft_steps, _LONG, dev_pages=_DEV_PAGES)
    for share in SHARES:
        realigned = out / f"control-mean-{share}-distill"
        realign(str(start), realigned, share, "mean", distill_steps, (*_teach(teacher, start), *_LONG))
        tuned = out / f"control-mean-{share}"
        start = post_train(str(realigned), tuned, share, sft_steps, _LONG, dev_pages=_DEV_PAGES)


def _teach(teacher: Path, start: Path) -> Sequence[str]:
    """Name the teacher where a student starts from another model, whose language model is its teacher's no longer."""
    return () if start == teacher else ("--teacher_model", str(teacher))


def _package(merged: Path, assets: Path, share: int, runs: list[Path], earlier: Path | None = None) -> Path:
    folder = assets / f"fcot-vl-tiny-{share}"
    package(*load_model(str(merged)), folder, runs, earlier)
    return folder


def realign(
    start: str, out: Path, share: int, compressor: str, steps: int, extra: Sequence[str] = (), note: bool = False
) -> None:
    """Run ``fcotvl distill`` with the tiny recipe, from its last checkpoint if there is one; not at all if it is done.

    Args:
        start: what the student is made from: a model of stride 1, or a student of a smaller one, which then needs
            ``--teacher_model`` among ``extra``.
        out: the run's folder.
        share: whose recipe, one of ``SHARES``; it names the stride.
        compressor: of the student.
        steps: optimizer steps.
        extra: further options of the command; they go before the recipe's.
        note: keep the command in ``out``, for a card; of use where ``out`` stays where it is.
    """
    _run("distill", share, out, steps, ("--teacher", start, "--compressor", compressor, *extra), note)


def post_train(
    student: str,
    out: Path,
    share: int,
    steps: int,
    extra: Sequence[str] = (),
    note: bool = False,
    dev_pages: int | None = None,
) -> Path:
    """Run ``fcotvl sft`` with the tiny recipe likewise, and merge its last checkpoints.

    Args:
        student: the model to train.
        out: the run's folder.
        share: whose recipe; they differ in their folders only.
        steps: optimizer steps.
        extra: further options of the command; they go before the recipe's.
        note: as above.
        dev_pages: pages of each task on which the Shapley weights are found; ``None`` averages.

    Returns:
        The folder of the merge, ``out/merged``.
    """
    _run("sft", share, out, steps, ("--student", student, *extra), note)
    merged = out / "merged"
    if merged.exists():
        return merged
    checkpoints = complete_checkpoints(out)[-MERGED:]
    if dev_pages is None:
        merge_checkpoints(
            student, checkpoints, average(len(checkpoints)), merged, method="average", relative_paths=True
        )
        return merged
    tasks = f"{','.join(f'tiny-{task}' for task in TASKS)}:{dev_pages}"
    merge(student, [str(folder) for folder in checkpoints], merged, MergeOptions("shapley"), score_with=tasks)
    if note:
        folders = [str(folder) for folder in checkpoints]
        how = ("--method", "shapley", "--score-with", tasks)
        note_command(out, ("fcotvl", "merge", student, *folders, "--out", str(merged), *how))
    return merged


def other_pages(command: str, number: int) -> Sequence[str]:
    """Options that draw other pages than the recipe of ``distill`` or ``sft``; none for number 0."""
    return ("--ocr_seed", str(_SEEDS[command] + number * _SEEDS_PER_ROUND)) if number else ()


def _run(command: str, share: int, out: Path, steps: int, options: Sequence[str], note: bool) -> None:
    if (out / "README.md").exists():  # the card is what a run writes last
        return
    recipe = f"recipes/tiny/{command}-{share}.yaml"
    save = ("--save_steps", str(max(1, steps // 10)), "--save_total_limit", str(MERGED))
    length = ("--max_steps", str(steps), "--output_dir", str(out), "--resume_from_checkpoint", "true")
    argv = (*save, *length, *_precision(), *options)
    shown = ("fcotvl", command, "--config", f"fcotvl_hf/{recipe}", *argv)  # as one calls it in the repository
    logger.info("$ %s", shlex.join(shown))
    if note:
        note_command(out, shown)
    {"distill": distill.main, "sft": sft.main}[command](("--config", str(resources.files("fcotvl_hf") / recipe), *argv))


def _precision() -> Sequence[str]:
    """The recipes are for CPUs that have bfloat16; their headers say what to add on others."""
    if has_bfloat16() or torch.accelerator.is_available():
        return ()
    return ("--bf16", "false", "--attn_implementation", "sdpa")
