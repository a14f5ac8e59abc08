"""Re-align a compressed student by self-distillation.

fcotvl distill --teacher tiny --stride 2 --output_dir runs/distill-50
accelerate launch -m fcotvl_hf.scripts.distill --config fcotvl_hf/recipes/tiny/distill-50.yaml
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from fcotvl_hf import cli
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.training.distillation_config import FCoTDistillationConfig
from fcotvl_hf.training.distillation_trainer import FCoTDistillationTrainer
from fcotvl_hf.training.run import rows_of, run, student_of

from .arguments import Parser, build_parser


def make_parser() -> Parser:
    """The options of the command."""
    return build_parser(FCoTDistillationConfig, prog="fcotvl distill")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command.

    Args:
        argv: arguments without the command's name; ``sys.argv``'s by default.
    """
    which, data, args, mixture = make_parser().parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = student_of(which.student, which.teacher, which.stride, which.compressor, Path(args.output_dir))
    model, processor = load_model(folder, dtype=torch.float32, device="cpu")
    model.set_attn_implementation(which.attn_implementation)
    projector = None
    if which.teacher is not None:
        projector = load_model(which.teacher, dtype=torch.float32, device="cpu")[0].model.multi_modal_projector
    train_rows, eval_rows = rows_of(
        mixture, data.ocr_tasks, data.ocr_size, data.ocr_seed, data.ocr_run_length, data.eval_size
    )
    trainer = FCoTDistillationTrainer(
        model,
        args,
        train_rows,
        teacher_projector=projector,
        eval_dataset=eval_rows if args.eval_strategy != "no" else None,
        processing_class=processor,
    )
    run(trainer)


if __name__ == "__main__":
    sys.exit(cli.main(["distill", *sys.argv[1:]]))  # errors of one line, as in the command
