"""``fcotvl eval`` and ``score``."""

import argparse
from pathlib import Path

from fcotvl_hf.command import positive

from .adding import Commands, add_command


def add_eval(commands: Commands) -> None:
    """Add ``eval``."""
    examples = """\
fcotvl eval tiny-50 --tasks tiny-table,tiny-chart --out runs/50
fcotvl eval student --tasks docvqa,chartqa --out runs/student --data-root data --limit 100
accelerate launch -m fcotvl_hf.cli eval student --tasks docvqa --out runs/student      on several devices
fcotvl eval --compare runs/teacher runs/50 runs/75 --out runs/report                  what the students keep"""
    parser = add_command(commands, "eval", "score a model on benchmarks, or compare scores", _eval, examples)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("model", metavar="MODEL", nargs="?", help="folder, Hub id or packaged name")
    which.add_argument(
        "--compare", nargs="+", type=Path, metavar="DIR", help="folders of results instead; the first is the teacher's"
    )
    parser.add_argument("--tasks", metavar="A,B", help="tasks of MODEL, with commas between; a wrong name lists them")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; a killed run goes on")
    parser.add_argument("--limit", type=positive, metavar="N", help="the first rows of each task only")
    parser.add_argument(
        "--batch-size", type=positive, default=16, metavar="B", help="rows answered together (default: %(default)s)"
    )
    parser.add_argument(
        "--data-root", type=Path, metavar="DIR", help="Parquet files with the data sets' columns instead of the Hub"
    )
    parser.add_argument(
        "--revision",
        action="append",
        default=[],
        metavar="TASK=REVISION",
        help="read a task's data set at this commit or branch of the Hub; may be given for several tasks",
    )
    parser.add_argument(
        "--backend",
        choices=("transformers", "vllm"),
        default="transformers",
        help="what runs the model; vllm must be installed (default: %(default)s)",
    )
    parser.add_argument(
        "--attention", type=positive, default=0, metavar="N", help="draw where the answers to N rows of each task look"
    )
    parser.add_argument("--card", action="store_true", help="put the scores into the card of MODEL, a folder")


def _eval(args: argparse.Namespace, rest: list[str]) -> None:
    if args.compare:
        from fcotvl_hf.eval_harness.comparison_report import compare_folders

        compare_folders(args.compare, args.out)
        return
    from fcotvl_hf.evaluation.run import run_evaluation

    run_evaluation(
        args.model,
        args.tasks,
        args.out,
        limit=args.limit,
        batch_size=args.batch_size,
        data_root=args.data_root,
        card=args.card,
        revisions=args.revision,
        backend=args.backend,
        attention=args.attention,
    )


def add_score(commands: Commands) -> None:
    """Add ``score``."""
    examples = """\
fcotvl score rows.jsonl                                        one line with "score" and/or "output" per row
make-rows | fcotvl score - > scores.jsonl                      rows from stdin, however many
a row: {"metric": "anls", "inputs": {"prediction": "March 14", "references": ["14 March"]}}"""
    parser = add_command(commands, "score", "compute metrics of ready-made rows", _score, examples)
    parser.add_argument("file", metavar="FILE", type=Path, help="JSONL rows with a metric and its inputs; - is stdin")


def _score(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.eval_harness.score import score

    score(args.file)
