"""The ``fcotvl`` command. It only parses arguments and calls; what it calls is imported when it is needed.

Results go to stdout, logs and progress to stderr. Exit status: 0, 1 for a failed run, 2 for bad arguments, 130 after
Ctrl-C. An error is one line; ``--debug`` adds the traceback.
"""

import argparse
import sys
from collections.abc import Sequence

from fcotvl_hf import __version__
from fcotvl_hf.command import Parser, run_command
from fcotvl_hf.commands import data, looking, making, publishing, scoring, training

EPILOG = """\
start here:
  fcotvl demo                                       the whole pipeline on a model of a few MB, with a report
  fcotvl ask tiny page.png "Read the text."         what a teacher reads
  fcotvl ask tiny page.png "Read the text." --compare
                                                    and what its students read with 1/2 and 1/4 of the tokens
  fcotvl app                                        the same in the browser, with costs and what was lost
  fcotvl tokens page.png                            how many visual tokens a page takes, and what they cost

your own student:
  fcotvl convert OpenGVLab/InternVL2-2B teacher     the same answers from transformers' native classes
  fcotvl init teacher student --compression 0.5     half of the visual tokens; usable, but untrained
  fcotvl data ocr --out ocr-mix --size 2000         pages with exact labels to train on
  fcotvl distill --student student --output_dir runs/realigned
  fcotvl sft --student runs/realigned --output_dir runs/posttrained
  fcotvl merge runs/realigned runs/posttrained/checkpoint-* --out merged --method average
  fcotvl eval merged --tasks docvqa --out scores    with the benchmarks' own prompts and metrics
  fcotvl push model merged me/fcot-vl-2b            on the Hub, with a card

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
    looking.add_demo(commands)
    looking.add_ask(commands)
    looking.add_app(commands)
    looking.add_tokens(commands)
    scoring.add_eval(commands)
    scoring.add_bench(commands)
    scoring.add_score(commands)
    making.add_convert(commands)
    making.add_init(commands)
    training.add_training(commands)
    making.add_merge(commands)
    data.add_data(commands)
    publishing.add_push(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
