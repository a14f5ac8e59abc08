"""Post-train and merge in rounds: each merge starts and bases the next round (the paper's iterative fusion).

    python -m fcotvl_hf.scripts.rounds --rounds 2 --student runs/realigned --out runs/rounds --method shapley \
        --score-with tiny-table,tiny-chart:64 -- --config fcotvl_hf/recipes/tiny/sft-50.yaml --max_steps 500

Options after ``--`` are those of ``fcotvl sft``. ``OUT/round-1`` … hold the runs, ``OUT/round-N/merged`` the merges. A
round that is complete is not run again, and one that was stopped goes on.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.command import Parser, UsageError, positive, run_command
from fcotvl_hf.merging.options import METHODS

logger = logging.getLogger(__name__)


def make_parser() -> Parser:
    """The options of the script, without those of the training."""
    parser = Parser(
        prog="rounds",
        usage="%(prog)s --student MODEL --out DIR [options] -- SFT-OPTIONS",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=positive, default=2, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--student", required=True, metavar="MODEL", help="starts and bases the first round")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets a folder per round")
    parser.add_argument("--method", choices=METHODS, default="shapley", help="of the merges (default: %(default)s)")
    parser.add_argument("--last", type=positive, default=5, metavar="N", help="last checkpoints used (default: 5)")
    parser.add_argument("--score-with", metavar="TASKS[:LIMIT]", help="as of fcotvl merge")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="as of fcotvl merge")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the rounds.

    Raises:
        UsageError: options do not go together.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    split = given.index("--") if "--" in given else len(given)
    args = make_parser().parse_args(given[:split])

    from fcotvl_hf.merging.command import MergeOptions, check_options, merge
    from fcotvl_hf.training.checkpoints import complete_checkpoints

    from . import sft

    options = MergeOptions(args.method)
    check_options(options, args.last, bool(args.score_with))
    start = args.student
    for number in range(1, args.rounds + 1):
        run = args.out / f"round-{number}"
        merged = run / "merged"
        if not merged.exists():
            output = ("--output_dir", str(run), "--resume_from_checkpoint", "true")
            sft.main([*given[split + 1 :], "--student", start, *output])
            checkpoints = [str(folder) for folder in complete_checkpoints(run)[-args.last :]]
            if not checkpoints:
                raise UsageError(f"round {number} left no checkpoints; give --save_steps after --")
            merge(start, checkpoints, merged, options, score_with=args.score_with, cache=args.cache)
        logger.info("round %d of %d: %s", number, args.rounds, merged)
        start = str(merged)


if __name__ == "__main__":
    sys.exit(run_command("rounds", main))
