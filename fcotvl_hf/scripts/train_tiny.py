"""Make the packaged tiny models from nothing, stage by stage; called again, it goes on where it stopped.

    python -m fcotvl_hf.scripts.train_tiny --out runs/tiny

Stages: ``teacher`` (perceive, follow, read: see ``fcotvl_hf.tiny``), ``students``, and ``controls``, the models that
tell what the training data alone gives. ``--warm-start tiny`` lets ``read`` go on from a model that reads already;
``--stages students-on`` post-trains the packaged students for another round.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.command import Parser, positive, run_command

STAGES = ("teacher", "students", "students-on", "controls")
_DEFAULT = ("teacher", "students", "controls")


def make_parser() -> Parser:
    """The options of the script."""
    parser = Parser(prog="train_tiny", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/tiny"), help="folder for checkpoints and logs")
    parser.add_argument("--stages", nargs="+", default=_DEFAULT, choices=STAGES, help="what to run, in this order")
    parser.add_argument("--seed", type=int, default=1, help="seed of weights and pages")
    parser.add_argument("--perceive-steps", type=positive, default=1800, help="batches of 64 one-tile pages")
    parser.add_argument("--follow-steps", type=positive, default=500, help="batches of 64 one-tile pages")
    parser.add_argument("--read-steps", type=positive, default=6000, help="batches of 48 pages")
    parser.add_argument("--read-lr", type=float, default=1e-3, help="peak learning rate of the stage read")
    parser.add_argument("--warm-start", help="a model to go on from, instead of perceive and follow")
    parser.add_argument("--distill-steps", type=positive, default=1500, help="re-alignment steps of a student")
    parser.add_argument("--sft-steps", type=positive, default=2500, help="post-training steps of a student or control")
    parser.add_argument("--sft-lr", type=float, default=5e-4, help="peak learning rate of students-on")
    parser.add_argument("--threads", type=positive, default=2, help="CPU threads")
    parser.add_argument(
        "--assets", type=Path, default=Path("fcotvl_hf/assets"), help="where the packaged models are written, in fp16"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the chosen stages."""
    given = list(sys.argv[1:] if argv is None else argv)
    args = make_parser().parse_args(given)
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # set before torch starts its threads

    import torch

    torch.set_num_threads(args.threads)
    if "teacher" in args.stages:
        from fcotvl_hf.tiny.teacher import make_teacher

        make_teacher(args, ["python", "-m", "fcotvl_hf.scripts.train_tiny", *given])
    from fcotvl_hf.tiny.students import make_controls, make_students, train_students_on

    if "students" in args.stages:
        make_students(args.assets, args.out, args.distill_steps, args.sft_steps)
    if "students-on" in args.stages:
        train_students_on(args.assets, args.out, args.sft_steps, args.sft_lr)
    if "controls" in args.stages:
        make_controls(args.assets, args.out, args.distill_steps, args.sft_steps)


if __name__ == "__main__":
    sys.exit(run_command("train_tiny", main))
