"""The ``fcotvl`` command. This file only parses arguments and calls; what it calls is imported when it is needed.

Results go to stdout, logs and progress to stderr. Exit status: 0, 1 for a failed run, 2 for bad arguments, 130 after
Ctrl-C. An error is one line; ``--debug`` adds the traceback.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from fcotvl_hf import __version__
from fcotvl_hf.command import Parser, positive, run_command
from fcotvl_hf.cost.kv import VALUE_BYTES
from fcotvl_hf.cost.shapes import DEFAULT_SHAPE, SHAPES
from fcotvl_hf.cost.tokens import stride_of_compression
from fcotvl_hf.merging import options

DTYPES = ("float32", "bfloat16", "float16")

Run = Callable[[argparse.Namespace, list[str]], None]
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

EPILOG = """\
start here:
  fcotvl demo                                       the whole pipeline on a model of a few MB, with a report
  fcotvl ask tiny page.png "Read the text."         what a teacher reads
  fcotvl ask tiny page.png "Read the text." --compare
                                                    and what its students read with 1/2 and 1/4 of the tokens
  fcotvl tokens page.png                            how many visual tokens a page takes, and what they cost

your own student:
  fcotvl convert OpenGVLab/InternVL2-2B teacher     the same answers from transformers' native classes
  fcotvl init teacher student --compression 0.5     half of the visual tokens; usable, but untrained
  fcotvl distill --student student --output_dir runs/realigned
  fcotvl sft --student runs/realigned --output_dir runs/posttrained
  fcotvl merge runs/realigned runs/posttrained/checkpoint-* --out merged --method average

`fcotvl COMMAND --help` explains a command. Models are folders, Hub ids, or the packaged tiny, tiny-50, tiny-75.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; ``sys.argv``'s by default.

    Returns:
        The exit status.
    """
    parser = make_parser()
    args, rest = parser.parse_known_args(argv)
    if rest and not args.passes_on:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return run_command(f"fcotvl {args.command}", lambda: args.run(args, rest), args.debug)


def make_parser() -> Parser:
    """The command's arguments."""
    parser = Parser(
        prog="fcotvl",
        description="Read the same pages with half or a quarter of the visual tokens (FCoT-VL).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fcotvl {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_ask(commands)
    _add_tokens(commands)
    _add_eval(commands)
    _add_score(commands)
    _add_convert(commands)
    _add_init(commands)
    _add_script(commands, "distill", "re-align a student with its teacher by self-distillation", _distill)
    _add_script(commands, "sft", "post-train a model on instructions", _sft)
    _add_merge(commands)
    return parser


def _add_demo(commands: Commands) -> None:
    parser = _add(
        commands, "demo", "run the whole pipeline on the packaged tiny model", _demo, "fcotvl demo --out demo"
    )
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the report (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="fewer pages and steps: does it run at all?")
    parser.add_argument("--seed", type=int, default=0, help="seed of pages and training (default: %(default)s)")


def _demo(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.demo import run_demo

    run_demo(args.out, args.quick, args.seed)


def _add_ask(commands: Commands) -> None:
    examples = """\
fcotvl ask tiny page.png "Read the text."
fcotvl ask tiny-50 table.png "Convert this table to Markdown." --json
fcotvl ask tiny page.png "Read the text." --compare            tiny beside tiny-50 and tiny-75
fcotvl ask teacher,student page.png "Read the text."           any models side by side"""
    parser = _add(commands, "ask", "ask a model about images; it answers as you watch", _ask, examples)
    parser.add_argument("model", metavar="MODEL", help="folder, Hub id or packaged name; several with commas between")
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="image files, asked about together")
    parser.add_argument("question", help="what to ask")
    parser.add_argument("--compare", action="store_true", help="side by side; a packaged MODEL stands for all of them")
    parser.add_argument(
        "--max-new-tokens", type=positive, default=512, metavar="N", help="cut the answer (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per model instead")


def _ask(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.ask import ask

    ask(
        args.model,
        args.images,
        args.question,
        compare=args.compare,
        max_new_tokens=args.max_new_tokens,
        as_json=args.json,
    )


def _add_tokens(commands: Commands) -> None:
    examples = """\
fcotvl tokens page.png                                         at strides 1, 2 and 4 of InternVL2-2B
fcotvl tokens *.png --shape internvl2-8b --max-tiles 6         each page, and all of them together
fcotvl tokens page.png --model student --strides 2 --json      for machines"""
    summary = "count tiles, visual tokens, KV-cache bytes and FLOPs of images, before anything is run"
    parser = _add(commands, "tokens", summary, _tokens, examples)
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="image files")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="M", help="folder, Hub id or packaged name; its weights are not opened")
    which.add_argument("--shape", choices=SHAPES, help=f"a named model without any file (default: {DEFAULT_SHAPE})")
    parser.add_argument("--strides", type=positive, nargs="+", metavar="R", help="strides to compare (default: 1 2 4)")
    parser.add_argument(
        "--max-tiles", type=positive, metavar="N", help="most tiles beside the thumbnail (default: the model's)"
    )
    parser.add_argument(
        "--text-tokens",
        type=positive,
        default=80,
        metavar="N",
        help="tokens of a prompt that are not visual: template, tags, question (default: %(default)s)",
    )
    parser.add_argument(
        "--kv-dtype",
        choices=VALUE_BYTES,
        default="bfloat16",
        help="type of the KV cache's values (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")


def _tokens(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.tokens import tokens

    tokens(
        args.images,
        model=args.model,
        shape=args.shape,
        strides=args.strides,
        max_tiles=args.max_tiles,
        text_tokens=args.text_tokens,
        kv_dtype=args.kv_dtype,
        as_json=args.json,
    )


def _add_eval(commands: Commands) -> None:
    examples = """\
fcotvl eval tiny-50 --tasks tiny-table,tiny-chart --out runs/50
fcotvl eval student --tasks docvqa,chartqa --out runs/student --data-root data --limit 100
accelerate launch -m fcotvl_hf.cli eval student --tasks docvqa --out runs/student      on several devices
fcotvl eval --compare runs/teacher runs/50 runs/75 --out runs/report                  what the students keep"""
    parser = _add(commands, "eval", "score a model on benchmarks, or compare scores", _eval, examples)
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
    )


def _add_score(commands: Commands) -> None:
    examples = """\
fcotvl score rows.jsonl                                        one line with "score" and/or "output" per row
make-rows | fcotvl score - > scores.jsonl                      rows from stdin, however many
a row: {"metric": "anls", "inputs": {"prediction": "March 14", "references": ["14 March"]}}"""
    parser = _add(commands, "score", "compute metrics of ready-made rows", _score, examples)
    parser.add_argument("file", metavar="FILE", type=Path, help="JSONL rows with a metric and its inputs; - is stdin")


def _score(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.eval_harness.score import score

    score(args.file)


def _add_convert(commands: Commands) -> None:
    examples = """\
fcotvl convert OpenGVLab/InternVL2-2B teacher                  downloads, then renames and splits tensor by tensor
fcotvl convert ./InternVL2-8B teacher --dtype bfloat16
fcotvl convert OpenGVLab/InternVL3-1B-hf teacher               native folders of transformers too"""
    summary = "turn an original InternVL2 checkpoint into a teacher, losslessly"
    parser = _add(commands, "convert", summary, _convert, examples)
    parser.add_argument("source", metavar="SRC", help="folder or Hub id of an InternVL2 or native InternVL checkpoint")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    parser.add_argument("--dtype", choices=DTYPES, help="of the weights (default: the source's)")
    parser.add_argument(
        "--system", metavar="PROMPT", help="the chat template's system prompt (default: the original's)"
    )
    parser.add_argument("--allow-pickle", action="store_true", help="read .bin weights; no code in them is run")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")


def _convert(args: argparse.Namespace, rest: list[str]) -> None:
    import torch

    from fcotvl_hf.conversion.convert import convert

    convert(
        args.source,
        args.out,
        dtype=getattr(torch, args.dtype) if args.dtype else None,
        allow_pickle=args.allow_pickle,
        system_prompt=args.system,
        overwrite=args.overwrite,
    )


def _add_init(commands: Commands) -> None:
    examples = """\
fcotvl init tiny student --stride 2                            128 instead of 256 tokens in InternVL2: 50 %
fcotvl init tiny student --compression 0.75                    the same as --stride 4
fcotvl init tiny student --stride 4 --compressor mean          no parameters: the untrained baseline"""
    parser = _add(commands, "init", "make an untrained student from a teacher", _init, examples)
    parser.add_argument("teacher", metavar="TEACHER", help="model without compressor: folder, Hub id or packaged name")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--stride", type=positive, metavar="R", help="neighbouring visual tokens merged into one")
    amount.add_argument("--compression", type=_stride, dest="stride", metavar="C", help="share removed, 1 - 1/R")
    parser.add_argument(
        "--compressor",
        metavar="KIND",
        default="conv1d",
        help="kind of compressor; an unknown one is answered with the list (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")


def _init(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.conversion.student import init_student

    init_student(args.teacher, args.out, args.stride, args.compressor, args.overwrite)


def _distill(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.scripts import distill

    distill.main(rest)


def _sft(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.scripts import sft

    sft.main(rest)


def _add_merge(commands: Commands) -> None:
    options.add_options(_add(commands, "merge", "merge checkpoints of one run into a model", _merge, options.EXAMPLES))


def _merge(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.merging.command import MergeOptions, merge

    merge(
        args.base,
        args.checkpoints,
        args.out,
        MergeOptions(args.method, args.scale, args.normalize, args.weights, args.density, args.seed),
        score_with=args.score_with,
        score_command=args.score_command,
        cache=args.cache,
        check=args.verify,
        overwrite=args.overwrite,
    )


def _add(commands: Commands, name: str, summary: str, run: Run, examples: str) -> argparse.ArgumentParser:
    """Add a command whose arguments are parsed here."""
    epilog = "examples:\n" + "\n".join(f"  {line}" for line in examples.splitlines())
    formatter = argparse.RawDescriptionHelpFormatter
    description = summary[0].upper() + summary[1:] + "."
    parser = commands.add_parser(name, help=summary, description=description, epilog=epilog, formatter_class=formatter)
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )
    parser.set_defaults(run=run, passes_on=False)
    return parser


def _add_script(commands: Commands, name: str, summary: str, run: Run) -> None:
    """Add a command that hands all of its arguments, ``--help`` too, to a training script's own parser."""
    parser = commands.add_parser(name, help=summary, add_help=False)
    parser.set_defaults(run=run, passes_on=True)


def _stride(compression: str) -> int:
    """The stride that removes this share of the tokens."""
    try:
        return stride_of_compression(float(compression))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
