"""The arguments of ``fcotvl merge``. Light, for ``--help`` must be quick."""

import argparse
import math
from pathlib import Path

SCORED = ("shapley", "greedy")
"""Methods that choose weights by scores."""
DEFAULT_SCALE = {"task-arithmetic": 0.5, "dare": 0.5, "ties": 1.0, "slerp": 0.5}
"""Methods with a scale → its default."""
DENSITY = {"ties": 0.2, "dare": 0.5}
"""Methods that thin out differences → the share they keep."""
METHODS = ("last", "average", "task-arithmetic", "ties", "dare", "slerp", "model-stock", "greedy", "shapley")

EXAMPLES = """\
fcotvl merge start runs/sft/checkpoint-* --out merged --method average
fcotvl merge start runs/sft/checkpoint-* --out merged --method shapley --score-with tiny-table,tiny-chart:64 --verify
fcotvl merge start a b c --out merged --method greedy --score-command 'python my_eval.py {model}'
fcotvl merge start a b --out merged --method task-arithmetic --weights 0.7 0.2"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments.

    Args:
        parser: of the command.
    """
    parser.add_argument("base", metavar="BASE", help="where the run started: folder, Hub id or packaged name")
    parser.add_argument(
        "checkpoints",
        metavar="CKPT",
        nargs="+",
        help="models or LoRA adapters of BASE, in the order of training (checkpoint-N are sorted)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; merge.json tells how")
    parser.add_argument("--method", choices=METHODS, required=True, help="how to merge, see docs/merging.md")
    parser.add_argument(
        "--scale",
        type=_finite,
        metavar="X",
        help="factor of the differences to BASE (default: 0.5 for task-arithmetic and dare, 1 for ties and where "
        "--weights are given); for slerp the place between the two (default: 0.5)",
    )
    parser.add_argument(
        "--normalize", action="store_true", help="task-arithmetic, dare: divide by the number of checkpoints"
    )
    parser.add_argument(
        "--weights", type=_finite, nargs="+", metavar="W", help="one per checkpoint, instead of the method's own"
    )
    parser.add_argument(
        "--density", type=_share, metavar="D", help="share that ties (default: 0.2) and dare (default: 0.5) keep"
    )
    parser.add_argument("--seed", type=int, default=0, help="of dare's masks and of sampled orders (default: 0)")
    scores = parser.add_mutually_exclusive_group()
    scores.add_argument(
        "--score-with", metavar="TASKS[:LIMIT]", help="evaluate merges on tasks, LIMIT pages of each (default: 64)"
    )
    scores.add_argument(
        "--score-command", metavar="CMD", help="score merges by a command with {model}; its last line is the number"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where scores are kept (default: assets in the Hub's cache)"
    )
    parser.add_argument("--verify", action="store_true", help="load the result in a new process and run it")
    parser.add_argument("--overwrite", action="store_true", help="replace DIR if it exists")


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _share(text: str) -> float:
    value = _finite(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return value
