"""``fcotvl eval``, ``bench`` and ``score``."""

import argparse
from pathlib import Path

from fcotvl_hf.command import UsageError, positive
from fcotvl_hf.cost.shapes import SHAPES

from .adding import Commands, add_command


def add_eval(commands: Commands) -> None:
    """Add ``eval``."""
    examples = """\
fcotvl eval tiny-50 --tasks tiny-table,tiny-chart --out runs/50
fcotvl eval student --tasks docvqa,chartqa --out runs/student --data-root data --limit 100
accelerate launch -m fcotvl_hf.cli eval student --tasks docvqa --out runs/student      on several devices
fcotvl eval tiny --tasks tiny-table --out runs/fastv-50 --reduce fastv:0.5            a rival on the same weights
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
        "--reduce",
        metavar="METHOD:KEEP",
        help="drop or merge visual tokens without training, such as fastv:0.5 (docs/rivals.md); a wrong name lists all",
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
    parser.add_argument(
        "--confidence", action="store_true", help="keep how sure the model was of each token, for reports to mark"
    )
    parser.add_argument("--card", action="store_true", help="put the scores into the card of MODEL, a folder")


def _eval(args: argparse.Namespace, rest: list[str]) -> None:
    if args.compare:
        _check_comparison(args)
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
        reduce=args.reduce,
        revisions=args.revision,
        backend=args.backend,
        attention=args.attention,
        confidence=args.confidence,
    )


def _check_comparison(args: argparse.Namespace) -> None:
    """Refuse options that a comparison would not heed."""
    options = ("tasks", "limit", "data_root", "reduce", "revision", "attention", "confidence", "card")
    if given := [f"--{option.replace('_', '-')}" for option in options if getattr(args, option)]:
        raise UsageError(f"{', '.join(given)} cannot be given with --compare, but with the MODEL that is evaluated")
    if len(args.compare) < 2:
        raise UsageError("--compare needs two folders or more, the teacher's first")


def add_bench(commands: Commands) -> None:
    """Add ``bench``."""
    examples = """\
fcotvl bench tiny tiny-50 tiny-75 --tiles 5 --out bench.json
fcotvl bench --shape internvl2-2b --layers 4 --out bench.json      random weights, 4 of 24 layers in both towers
fcotvl bench --shape internvl2-8b --tiles 7 13 25 --reduce fastv:0.5 > bench.json
                                                                   all layers, a rival beside the students"""
    summary = "measure ViT, prefill, decoding, KV cache and memory, beside the FLOP model"
    parser = add_command(commands, "bench", summary, _bench, examples)
    parser.add_argument("models", metavar="MODEL", nargs="*", help="folders, Hub ids or packaged names, teacher first")
    parser.add_argument("--shape", choices=SHAPES, help="a named model with random weights, and its students, instead")
    parser.add_argument("--layers", type=positive, metavar="N", help="language layers of the shape, ViT in proportion")
    parser.add_argument(
        "--strides", type=positive, nargs="+", metavar="R", help="of the shape's students (default: 2 4)"
    )
    parser.add_argument(
        "--reduce",
        nargs="+",
        default=[],
        metavar="METHOD:KEEP",
        help="the first model without training, e.g. fastv:0.5; an unknown method is answered with the list",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="JSON file (default: stdout)")
    for option, default, what in (
        ("--text-tokens", 80, "tokens of a prompt that are not visual"),
        ("--new-tokens", 16, "tokens to decode after the first"),
        ("--batch-size", 1, "prompts at once"),
        ("--repeats", 5, "rounds that count; everybody answers once in each"),
    ):
        parser.add_argument(option, type=positive, default=default, metavar="N", help=f"{what} (default: %(default)s)")
    parser.add_argument(
        "--tiles", type=positive, nargs="+", default=[7, 13], metavar="N", help="tiles of a prompt (default: 7 13)"
    )
    parser.add_argument(
        "--warm-up", type=int, choices=range(4), default=1, help="rounds before them (default: %(default)s)"
    )
    parser.add_argument(
        "--dtype",
        choices=("bfloat16", "float16", "float32"),
        help="of weights and cache (default: bfloat16; float32 on CPUs that have to emulate it)",
    )


def _bench(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.evaluation.bench import run_bench

    run_bench(
        args.models,
        args.out,
        shape=args.shape,
        layers=args.layers,
        strides=args.strides,
        reduce=args.reduce,
        tiles=args.tiles,
        text_tokens=args.text_tokens,
        new_tokens=args.new_tokens,
        batch_size=args.batch_size,
        repeats=args.repeats,
        warm_up=args.warm_up,
        dtype=args.dtype,
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
