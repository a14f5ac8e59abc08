"""The packaged students and the controls, made with the commands and the recipes that users have.

A student is re-aligned, post-trained in all parameters, and averaged over its last checkpoints. The controls get the
same data for the same number of steps: the teacher itself at stride 1, and students whose compressor is plain mean
pooling. What they score tells what the data gives and what the compressor gives.
"""

import logging
import shlex
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from fcotvl_hf.hub.models import load_model
from fcotvl_hf.merging.merge import merge_checkpoints
from fcotvl_hf.merging.methods import average
from fcotvl_hf.scripts import distill, sft
from fcotvl_hf.training.run import complete_checkpoints

from .teacher import package

logger = logging.getLogger(__name__)

MERGED = 3
"""Checkpoints of the post-training that are averaged."""


def make_students(assets: Path, out: Path, distill_steps: int, sft_steps: int) -> None:
    """Make and package the 50 % and the 75 % student of the packaged teacher.

    Args:
        assets: holds ``fcot-vl-tiny``; gets the students.
        out: checkpoints and logs.
        distill_steps: optimizer steps of the re-alignment.
        sft_steps: optimizer steps of the post-training.
    """
    teacher = str(assets / "fcot-vl-tiny")
    for share, stride in ((50, 2), (75, 4)):
        realigned, tuned = out / f"distill-{share}", out / f"sft-{share}"
        realign(teacher, realigned, stride, "conv1d", distill_steps)
        merged = post_train(str(realigned), tuned, sft_steps)
        model, processor = load_model(str(merged))
        package(model, processor, assets / f"fcot-vl-tiny-{share}", [realigned, tuned])


def make_controls(assets: Path, out: Path, distill_steps: int, sft_steps: int) -> None:
    """Train the controls: the teacher at stride 1, and mean pooling at both compressions; arguments as above."""
    teacher = str(assets / "fcot-vl-tiny")
    post_train(teacher, out / "control-teacher", sft_steps)
    for share, stride in ((50, 2), (75, 4)):
        realigned = out / f"control-mean-{share}-distill"
        realign(teacher, realigned, stride, "mean", distill_steps)
        post_train(str(realigned), out / f"control-mean-{share}", sft_steps)


def realign(teacher: str, out: Path, stride: int, compressor: str, steps: int, extra: Sequence[str] = ()) -> None:
    """Run ``fcotvl distill`` with the tiny recipe, from its last checkpoint if there is one; not at all if it is done.

    Args:
        teacher: a model of stride 1.
        out: the run's folder.
        stride: of the student.
        compressor: of the student.
        steps: optimizer steps.
        extra: further options of the command; they go before the recipe's.
    """
    made = ("--teacher", teacher, "--stride", str(stride), "--compressor", compressor)
    _run("distill", out, steps, (*made, *extra))


def post_train(student: str, out: Path, steps: int, extra: Sequence[str] = ()) -> Path:
    """Run ``fcotvl sft`` with the tiny recipe likewise, and average its last checkpoints.

    Args:
        student: the model to train.
        out: the run's folder.
        steps: optimizer steps.
        extra: further options of the command; they go before the recipe's.

    Returns:
        The folder of the average, ``out/merged``.
    """
    _run("sft", out, steps, ("--student", student, *extra))
    merged = out / "merged"
    if not merged.exists():
        checkpoints = complete_checkpoints(out)[-MERGED:]
        merge_checkpoints(student, checkpoints, average(len(checkpoints)), merged, method="average")
    return merged


def _run(command: str, out: Path, steps: int, options: Sequence[str]) -> None:
    if (out / "README.md").exists():  # the card is what a run writes last
        return
    recipe = str(resources.files("fcotvl_hf") / "recipes" / "tiny" / f"{command}-50.yaml")
    save = ("--save_steps", str(max(1, steps // 10)), "--save_total_limit", str(MERGED))
    length = ("--max_steps", str(steps), "--output_dir", str(out), "--resume_from_checkpoint", "true")
    argv = ("--config", recipe, *save, *length, *options)
    logger.info("$ fcotvl %s %s", command, shlex.join(argv))
    {"distill": distill.main, "sft": sft.main}[command](argv)
