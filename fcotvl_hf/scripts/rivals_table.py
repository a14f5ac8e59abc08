"""Everybody who spends fewer visual tokens, on the same weights and pages: Table 1 of the paper, with its rivals.

    python -m fcotvl_hf.scripts.rivals_table --out runs/rivals
    python -m fcotvl_hf.scripts.rivals_table --out runs/rivals --limit 24 --publish .
    python -m fcotvl_hf.scripts.rivals_table --teacher teacher --students student-50 student-75 \
        --tasks docvqa,chartqa,textvqa --data-root data --out runs/rivals

The teacher, every rival at each share of tokens, and the students of that share: what each scores, what it keeps, and
the paired difference to the teacher (bootstrap over pages, 95 %). Each gets a folder that ``fcotvl eval`` writes, and
those that are complete are not evaluated again; the comparison is in ``OUT/report``. ``--publish`` goes through the
folders again, and stops at answers of other weights than those that are there now.
"""

import argparse
import json
import logging
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fcotvl_hf.command import Parser, UsageError, names_in, positive, run_command

logger = logging.getLogger(__name__)

TASKS = "tiny-recognition,tiny-table,tiny-chart,tiny-lookup"
RIVALS = (
    "mean",
    "mean,window=square",
    "random",
    "smaller-tiles",
    "fewer-tiles",
    "divprune",
    "tome",
    "prumerge",
    "visionzip",
    "fastv",
)


class Contender(NamedTuple):
    """One line of the table: a model, and how it is reduced, if it is."""

    model: str
    reduce: str | None
    folder: Path


def make_parser() -> Parser:
    """The options of the script."""
    parser = Parser(prog="rivals_table", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets a folder per line, and report/")
    parser.add_argument("--teacher", default="tiny", metavar="MODEL", help="what rivals reduce (default: %(default)s)")
    parser.add_argument(
        "--students", nargs="*", default=["tiny-50", "tiny-75"], metavar="MODEL", help="tiny-50 and tiny-75 by default"
    )
    parser.add_argument(
        "--rivals", nargs="*", default=RIVALS, metavar="METHOD", help=f"with options (default: {' '.join(RIVALS)})"
    )
    parser.add_argument(
        "--keep", nargs="+", default=["0.5", "0.25"], metavar="SHARE", help="of visual tokens (default: 0.5 0.25)"
    )
    parser.add_argument("--tasks", default=TASKS, metavar="A,B", help="as in fcotvl eval (default: %(default)s)")
    parser.add_argument("--limit", type=positive, metavar="N", help="the first rows of each task only")
    parser.add_argument("--batch-size", type=positive, default=16, metavar="B", help="default: %(default)s")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="Parquet files instead of the Hub")
    parser.add_argument(
        "--publish",
        type=Path,
        metavar="ROOT",
        help="the repository: gets results/rivals.json and docs/rivals.md's table",
    )
    parser.add_argument(
        "--commands", action="store_true", help="print the commands instead, to run them in any order or on any machine"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Evaluate who is missing, then compare.

    Raises:
        UsageError: a rival, a share or a task is unknown, or there is nowhere to publish.
    """
    args = make_parser().parse_args(argv)
    if args.publish:
        _check_publishing(args)
    chosen = list(contenders(args))
    if args.commands:
        for contender in chosen:
            sys.stdout.write(f"{command(contender, args)}\n")
        folders = shlex.join(str(contender.folder) for contender in chosen)
        sys.stdout.write(f"fcotvl eval --compare {folders} --out {shlex.quote(str(args.out / 'report'))}\n")
        return

    from fcotvl_hf.eval_harness.comparison_report import compare_folders
    from fcotvl_hf.evaluation.run import run_evaluation

    started = time.time()
    for number, (model, reduce, folder) in enumerate(chosen, 1):
        if not args.publish and is_complete(folder, names_in(args.tasks), args.limit):
            continue
        logger.info("%d of %d: %s", number, len(chosen), folder.name)
        settings = {"limit": args.limit, "batch_size": args.batch_size, "data_root": args.data_root}
        run_evaluation(model, args.tasks, folder, **settings, reduce=reduce)
    compare_folders([contender.folder for contender in chosen], args.out / "report")
    if args.publish:
        publish(args, chosen, started)


def publish(args: argparse.Namespace, chosen: Sequence[Contender], started: float) -> None:
    """Write ``results/rivals.json`` and the table of ``docs/rivals.md`` from ``OUT/report``.

    Args:
        args: of ``make_parser``.
        chosen: the lines of the table.
        started: when the evaluation began, in seconds since the epoch.
    """
    from fcotvl_hf.baselines.specification import parse_specification
    from fcotvl_hf.hub.names import shown_name
    from fcotvl_hf.results.rivals import named, publish_rivals
    from fcotvl_hf.results.stage import how_made
    from fcotvl_hf.tiny.rivals import rival_name
    from fcotvl_hf.tiny.weights import weights_of

    rows = json.loads((args.out / "report" / "comparison.json").read_text(encoding="utf-8"))["rows"]
    names = [rival_name(parse_specification(reduce)) if reduce else shown_name(model) for model, reduce, _ in chosen]
    settings = {key: getattr(args, key) for key in ("teacher", "students", "limit")}
    settings["models"] = weights_of([args.teacher, *args.students])
    publish_rivals(args.publish, {"settings": settings, "made": how_made(started), "rows": named(names, rows)})


def _check_publishing(args: argparse.Namespace) -> None:
    root = args.publish
    if not ((root / "docs" / "rivals.md").is_file() and (root / "results").is_dir()):
        raise UsageError(f"nowhere to publish: {root} has no docs/rivals.md and results/; give the repository")
    if args.data_root or not set(names_in(args.tasks)) <= set(names_in(TASKS)):
        raise UsageError(
            f"--publish is for pages of the main table: leave out --data-root, and take --tasks of {TASKS}"
        )


def contenders(args: argparse.Namespace) -> Iterator[Contender]:
    """The lines of the table: the teacher; then by share of tokens its rivals and the students with that share.

    Args:
        args: of ``make_parser``.

    Raises:
        UsageError: a rival or a share is unknown, or no share is a student's.
    """
    from fcotvl_hf.baselines.specification import parse_specification
    from fcotvl_hf.hub.configs import load_config
    from fcotvl_hf.hub.names import resolve_model, shown_name

    shares = {student: 1 - load_config(resolve_model(student)).compression for student in args.students}
    yield Contender(args.teacher, None, args.out / shown_name(args.teacher))
    for keep in args.keep:
        for rival in args.rivals:
            method, *options = rival.split(",")
            asked = str(parse_specification(",".join([f"{method}:{keep}", *options])))
            yield Contender(args.teacher, asked, args.out / asked.replace(":", "-").replace(",", "-"))
        for student in [student for student, share in shares.items() if share == float(keep)]:
            yield Contender(student, None, args.out / shown_name(student))
    if left := [student for student, share in shares.items() if share not in map(float, args.keep)]:
        raise UsageError(f"{left[0]} keeps {shares[left[0]]:g} of the tokens; add that share to --keep")


def command(contender: Contender, args: argparse.Namespace) -> str:
    """The call of ``fcotvl eval`` that makes a contender's folder."""
    call = ["fcotvl", "eval", contender.model, "--tasks", args.tasks, "--out", str(contender.folder)]
    call += ["--batch-size", str(args.batch_size)]
    for option, value in (
        ("--reduce", contender.reduce),
        ("--limit", args.limit),
        ("--data-root", args.data_root),
    ):
        call += [option, str(value)] if value is not None else []
    return shlex.join(call)


def is_complete(folder: Path, tasks: Sequence[str], limit: int | None) -> bool:
    """Whether a folder holds the scores of all tasks under this limit of rows."""
    from fcotvl_hf.eval_harness.results import read_results

    results = read_results(folder)
    held = results["tasks"] if results else {}
    return all(task in held and held[task]["settings"]["limit"] == limit for task in tasks)


if __name__ == "__main__":
    sys.exit(run_command("rivals_table", main))
