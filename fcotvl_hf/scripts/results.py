"""Every table and figure of the paper on the tiny models: ``results/``, ``docs/results.md``, the README's picture.

    python -m fcotvl_hf.scripts.results                                        # all of it: hours; goes on when stopped
    python -m fcotvl_hf.scripts.results --stages scores legibility --per-task 64 --seeds 0
    python -m fcotvl_hf.scripts.results --stages                               # the pages alone, from what is there

Each stage writes ``results/STAGE.json`` and its pictures, and is skipped where they are there with the same settings
and weights. ``scores`` also writes the packaged models' cards and ``scores.json``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fcotvl_hf.command import Parser, UsageError, named_folder, positive, run_command
from fcotvl_hf.results.names import STAGES

if TYPE_CHECKING:
    from fcotvl_hf.results.plan import Plan


def make_parser() -> Parser:
    """The options of the script."""
    parser = Parser(prog="results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--stages", nargs="*", choices=STAGES, default=STAGES, metavar="STAGE", help=f"all: {' '.join(STAGES)}"
    )
    parser.add_argument("--root", type=Path, default=Path(), metavar="DIR", help="the repository (default: here)")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/results"), metavar="DIR", help="keeps answers (default: %(default)s)"
    )
    parser.add_argument(
        "--per-task",
        type=positive,
        default=1000,
        metavar="N",
        help="pages of each task and seed (default: %(default)s)",
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="S", help="of the pages asked (default: 0 1 2)"
    )
    parser.add_argument(
        "--further",
        nargs="*",
        type=named_folder,
        default=[],
        metavar="NAME=FOLDER",
        help="more models in the main table",
    )
    study = parser.add_argument_group("studies")
    study.add_argument(
        "--studies-at",
        type=Path,
        metavar="DIR",
        help="folder of their runs; its budget is taken (default: RUNS/studies)",
    )
    study.add_argument(
        "--trainings",
        type=positive,
        default=3,
        metavar="N",
        help="of each student, on other pages (default: %(default)s)",
    )
    study.add_argument("--no-training", action="store_true", help="skip those whose students are not there")
    study.add_argument("--distill-steps", type=positive, default=1500, metavar="N", help="default: %(default)s")
    study.add_argument("--sft-steps", type=positive, default=500, metavar="N", help="default: %(default)s")
    study.add_argument(
        "--study-pages", type=positive, default=256, metavar="N", help="of each task to score on (default: %(default)s)"
    )
    merge = parser.add_argument_group("merging")
    merge.add_argument(
        "--merge-run", type=Path, default=Path("runs/tiny/sft-50"), metavar="RUN", help="default: %(default)s"
    )
    merge.add_argument("--merge-base", default="runs/tiny/distill-50", metavar="MODEL", help="default: %(default)s")
    merge.add_argument(
        "--merge-dev", type=positive, default=48, metavar="N", help="pages per task to choose on (default: %(default)s)"
    )
    other = parser.add_argument_group("attention and speed")
    other.add_argument(
        "--attended", type=positive, default=32, metavar="N", help="pages per task (default: %(default)s)"
    )
    other.add_argument("--tiles", type=positive, nargs="+", default=[1, 7, 13], metavar="T", help="default: 1 7 13")
    other.add_argument("--repeats", type=positive, default=5, metavar="N", help="rounds (default: %(default)s)")
    other.add_argument(
        "--layers", type=positive, default=4, metavar="N", help="of InternVL2-2B's shape (default: %(default)s)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stages that are not done, then write the pages.

    Raises:
        UsageError: it is not called in the repository.
    """
    args = make_parser().parse_args(argv)
    if not (args.root / "docs").is_dir() or not (args.root / "README.md").is_file():
        raise UsageError("nowhere to write: call it in the repository, or give --root")

    from fcotvl_hf.results.main_table import publish_scores
    from fcotvl_hf.results.page import write_page
    from fcotvl_hf.results.stages import make_stages

    plan = _plan(args)
    plan.out.mkdir(exist_ok=True)
    stages = {stage.name: stage for stage in make_stages(plan)}
    write_page(args.root)
    for name in args.stages:
        if stages[name].run():
            write_page(args.root)  # at once, so that a stopped call leaves what is done
    if "scores" in args.stages:
        publish_scores(args.root, stages["scores"].path)


def _plan(args: argparse.Namespace) -> "Plan":
    from fcotvl_hf.results.plan import Plan
    from fcotvl_hf.tiny.laboratory import Budget

    return Plan(
        out=args.root / "results",
        runs=args.runs,
        per_task=args.per_task,
        seeds=tuple(args.seeds),
        trainings=args.trainings,
        trains=not args.no_training,
        further=dict(args.further),
        budget=Budget(args.distill_steps, args.sft_steps, args.study_pages),
        studies=args.studies_at or args.runs / "studies",
        merge_run=args.merge_run,
        merge_base=args.merge_base,
        merge_dev=args.merge_dev,
        measured=args.attended,
        pictured=min(args.attended, 1),
        tiles=tuple(args.tiles),
        repeats=args.repeats,
        shape_layers=args.layers,
    )


if __name__ == "__main__":
    sys.exit(run_command("results", main))
