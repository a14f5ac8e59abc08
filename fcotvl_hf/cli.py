"""The ``fcotvl`` command. This file only parses arguments and calls; what it calls is imported when it is needed.

Results go to stdout, logs and progress to stderr. Exit status: 0, 1 for a failed run, 2 for bad arguments, 130 after
Ctrl-C. An error is one line; ``--debug`` adds the traceback.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from fcotvl_hf import __version__
from fcotvl_hf.cost.tokens import stride_of_compression

logger = logging.getLogger(__name__)

Run = Callable[[argparse.Namespace, list[str]], None]
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

EPILOG = """\
start here:
  fcotvl demo                                       the whole pipeline on a model of a few MB, with a report
  fcotvl ask tiny page.png "Read the text."         what a teacher reads
  fcotvl ask tiny page.png "Read the text." --compare
                                                    and what its students read with 1/2 and 1/4 of the tokens

your own student:
  fcotvl init TEACHER student --compression 0.5     half of the visual tokens; usable, but untrained
  fcotvl distill --student student --output_dir runs/realigned
  fcotvl sft --student runs/realigned --output_dir runs/posttrained

`fcotvl COMMAND --help` explains a command. Models are folders, Hub ids, or the packaged tiny, tiny-50, tiny-75.
"""


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2 and one line."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


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
    _quieten_libraries()
    logging.basicConfig(format="%(message)s", level=logging.WARNING, force=True)
    logging.getLogger("fcotvl_hf").setLevel(logging.INFO)
    try:
        args.run(args, rest)
    except KeyboardInterrupt:
        logger.error("fcotvl %s: interrupted", args.command)
        return 130
    except Exception as error:
        message = " ".join(str(error).split())
        expected = isinstance(error, ValueError | OSError)
        logger.error(
            "fcotvl %s: error: %s", args.command, message if expected else f"{type(error).__name__}: {message}"
        )
        if args.debug:
            logger.exception("traceback:")
        return 1
    return 0


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
    _add_init(commands)
    _add_script(commands, "distill", "re-align a student with its teacher by self-distillation", _distill)
    _add_script(commands, "sft", "post-train a model on instructions", _sft)
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
        "--max-new-tokens", type=_positive, default=512, metavar="N", help="cut the answer (default: %(default)s)"
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


def _add_init(commands: Commands) -> None:
    examples = """\
fcotvl init tiny student --stride 2                            128 instead of 256 tokens in InternVL2: 50 %
fcotvl init tiny student --compression 0.75                    the same as --stride 4
fcotvl init tiny student --stride 4 --compressor mean          no parameters: the untrained baseline"""
    parser = _add(commands, "init", "make an untrained student from a teacher", _init, examples)
    parser.add_argument("teacher", metavar="TEACHER", help="model of stride 1: folder, Hub id or packaged name")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--stride", type=_positive, metavar="R", help="neighbouring visual tokens merged into one")
    amount.add_argument("--compression", type=_stride, dest="stride", metavar="C", help="share removed, 1 - 1/R")
    parser.add_argument("--compressor", default="conv1d", help="kind of compressor (default: %(default)s)")
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


def _positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _stride(compression: str) -> int:
    """The stride that removes this share of the tokens."""
    try:
        return stride_of_compression(float(compression))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _quieten_libraries() -> None:
    """No progress bars on a stderr nobody watches, no multi-line reports of transformers beside our one-line errors."""
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


if __name__ == "__main__":
    sys.exit(main())
