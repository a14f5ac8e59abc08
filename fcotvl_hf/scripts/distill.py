"""Re-align a compressed student by self-distillation.

fcotvl distill --teacher tiny --stride 2 --output_dir runs/distill-50
accelerate launch -m fcotvl_hf.scripts.distill --config fcotvl_hf/recipes/tiny/distill-50.yaml
"""

import sys
from collections.abc import Sequence

import torch
from torch import nn

from fcotvl_hf.command import UsageError, run_command
from fcotvl_hf.conversion.student import is_untrained
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.hub.names import resolve_model
from fcotvl_hf.training.distillation_config import FCoTDistillationConfig
from fcotvl_hf.training.distillation_trainer import FCoTDistillationTrainer
from fcotvl_hf.training.run import run

from .arguments import Parser, build_parser
from .prepare import trainer_arguments


def make_parser() -> Parser:
    """The options of the command."""
    return build_parser(FCoTDistillationConfig, prog="fcotvl distill")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        argv: arguments without the command's name; ``sys.argv``'s by default.
    """
    which, data, args, mixture = make_parser().parse(argv)
    projector = None if args.teacher_model else teacher_projector(which.student, which.teacher)
    run(FCoTDistillationTrainer(**trainer_arguments(which, data, args, mixture), teacher_projector=projector))


def teacher_projector(student: str | None, teacher: str | None) -> nn.Module | None:
    """The projector to learn from; ``None`` where the student's own still is the teacher's.

    Args:
        student: packaged name, folder or Hub id of an existing student.
        teacher: packaged name, folder or Hub id of its teacher.

    Raises:
        UsageError: the student may have been trained, and no teacher is named; or that teacher is itself compressed.
    """
    if teacher is not None:
        if load_config(resolve_model(teacher)).compressor_type != "none":
            raise UsageError(
                f"{teacher} is itself compressed: it can start a student, but not by its projector alone teach one; "
                "name a whole teacher with --teacher_model"
            )
        return load_model(teacher, dtype=torch.float32, device="cpu")[0].model.multi_modal_projector
    if student is not None and not is_untrained(student):
        raise UsageError(
            f"{student} does not come fresh from fcotvl init, so its projector may no longer be its teacher's; "
            "name the teacher with --teacher, or with --teacher_model if more than compressor and projector was trained"
        )
    return None


if __name__ == "__main__":
    sys.exit(run_command("fcotvl distill", main))
