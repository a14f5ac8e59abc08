"""Score the packaged tiny models, and others beside them; the figures of the README and of the cards come from here.

    python -m fcotvl_hf.scripts.score_tiny \
        --beside "teacher + same SFT=runs/tiny/control-teacher/merged"
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.command import Parser, UsageError, named_folder, positive, run_command


def make_parser() -> Parser:
    """The options of the script."""
    parser = Parser(prog="score_tiny", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--beside", nargs="*", type=named_folder, default=[], metavar="NAME=FOLDER", help="controls to score as well"
    )
    parser.add_argument("--per-task", type=positive, default=128, help="pages of each task in each set")
    parser.add_argument("--seed", type=int, default=0, help="of the pages")
    parser.add_argument(
        "--assets", type=Path, default=Path("fcotvl_hf/assets"), help="gets scores.json, and a card in each folder"
    )
    parser.add_argument("--readme", type=Path, default=Path("README.md"), help="its tables are replaced")
    parser.add_argument("--plot", type=Path, default=Path("docs/images/score-over-tokens.svg"), help="picture to write")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Ask every model everything; write figures, cards, tables and the picture.

    Raises:
        UsageError: a place to write to is not there.
    """
    args = make_parser().parse_args(argv)
    if not (args.assets.is_dir() and args.readme.is_file() and args.plot.parent.is_dir()):
        raise UsageError("nowhere to write: call it in the repository, or give --assets, --readme and --plot")

    from rich.console import Console
    from rich.markdown import Markdown

    from fcotvl_hf.eval_harness.cost_plot import score_over_tokens
    from fcotvl_hf.io.atomic import atomic_write
    from fcotvl_hf.tiny.cards import as_points, fill_readme, results_table, sets_table, write_cards
    from fcotvl_hf.tiny.exam import take_exam

    exam = take_exam(dict(args.beside), args.per_task, (args.seed,))
    scores = {key: exam[key] for key in ("settings", "models")}
    write_cards(args.assets, scores)
    fill_readme(args.readme, scores)
    atomic_write(args.plot, score_over_tokens(as_points(scores)).svg)
    Console().print(Markdown(f"{results_table(scores)}\n\n{sets_table(scores)}"))


if __name__ == "__main__":
    sys.exit(run_command("score_tiny", main))
