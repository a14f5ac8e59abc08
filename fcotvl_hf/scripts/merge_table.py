"""Compare ways to merge the checkpoints of one run: last, average, task arithmetic, Shapley (Table 4 of the paper).

    python -m fcotvl_hf.scripts.merge_table runs/tiny/sft-50 --base runs/tiny/distill-50 --out runs/tiny/merges

Weights are chosen on development pages; the table is of other pages that neither training nor the choice has seen, with
the paired difference to the last checkpoint (bootstrap over pages, 95 %).
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.command import Parser, UsageError, positive, run_command

TASKS = "tiny-recognition,tiny-table,tiny-chart"
METHODS = ("last", "average", "task-arithmetic", "shapley")


def make_parser() -> Parser:
    """The options of the script."""
    parser = Parser(prog="merge_table", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN", help="a training run's folder with checkpoint-N in it")
    parser.add_argument("--base", required=True, help="where the run started: folder or packaged name")
    parser.add_argument("--out", type=Path, required=True, help="gets a folder per method, and merges.json")
    parser.add_argument("--last", type=positive, default=5, metavar="N", help="last checkpoints used (default: 5)")
    parser.add_argument("--tasks", default=TASKS, help="three by default: %(default)s")
    parser.add_argument(
        "--dev", type=positive, default=64, metavar="N", help="pages per task to choose on (default: 64)"
    )
    parser.add_argument(
        "--test", type=positive, default=128, metavar="N", help="pages per task to report (default: 128)"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where scores are kept, see fcotvl merge --help")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Merge, score and print the table.

    Raises:
        UsageError: the run has no checkpoints, or a task is unknown.
    """
    args = make_parser().parse_args(argv)

    from rich.console import Console
    from rich.markdown import Markdown

    from fcotvl_hf.io.atomic import atomic_write

    checkpoints = last_checkpoints(args.run, args.last)
    if not checkpoints:
        raise UsageError(f"{args.run} holds no complete checkpoint-N; give the folder of a training run")
    report = try_merges(args.base, checkpoints, args.out, args.tasks, args.dev, args.test, args.cache)
    atomic_write(args.out / "merges.json", json.dumps(report, indent=2) + "\n")
    Console(width=160).print(Markdown(as_markdown(report["methods"])))


def last_checkpoints(run: Path, count: int) -> list[str]:
    """Folders of a run's last complete checkpoints, in the order of training."""
    from fcotvl_hf.training.checkpoints import complete_checkpoints

    return [str(folder) for folder in complete_checkpoints(run)[-count:]]


def try_merges(
    base: str, checkpoints: Sequence[str], out: Path, tasks: str, dev: int, test: int, cache: Path | None
) -> dict[str, Any]:
    """Merge by every method, and score the merges and the checkpoints on pages that no weights were chosen on.

    Args:
        base: where the run started.
        checkpoints: of the run.
        out: gets a folder for each method.
        tasks: names with commas between.
        dev: pages of each task to choose weights on.
        test: pages of each task to score on.
        cache: where scores are kept, see ``ScoreBook``.

    Returns:
        What was given, ``methods`` (see ``compare``) and, under ``seesaw``, checkpoint → task → score.

    Raises:
        UsageError: a task is unknown.
    """
    from fcotvl_hf.dataset_builders.ocr_mix.mix import FRESH
    from fcotvl_hf.io.json_object import read_json
    from fcotvl_hf.merging.command import MergeOptions, merge
    from fcotvl_hf.merging.pool import Pool, Recipe
    from fcotvl_hf.merging.scorers import TaskScorer, parse_tasks
    from fcotvl_hf.merging.scoring import ScoreBook, task_means

    book = ScoreBook(Pool(base, checkpoints), TaskScorer(parse_tasks(f"{tasks}:{test}"), first_seed=FRESH), cache)
    samples: dict[str, Any] = {}
    weights: dict[str, Any] = {}
    for method in METHODS:
        options = MergeOptions(method)
        merge(base, checkpoints, out / method, options, score_with=f"{tasks}:{dev}", cache=cache, overwrite=True)
        weights[method] = read_json(out / method / "merge.json")["weights"]
        samples[method] = book.scores(Recipe(tuple(weights[method])))
    seesaw = {Path(folder).name: task_means(book.subset([number])) for number, folder in enumerate(checkpoints)}
    told = {"base": base, "checkpoints": list(checkpoints), "dev": dev, "test": test}
    return {**told, "methods": compare(samples, weights), "seesaw": seesaw}


def compare(samples: Mapping[str, Mapping[str, list[float]]], weights: Mapping[str, list[float]]) -> dict[str, Any]:
    """Scores of each method and its difference to ``last``.

    Args:
        samples: method → task → score of each page, the same pages for all.
        weights: method → weights.

    Returns:
        Method → ``weights``, ``tasks``, ``score`` (the mean over tasks), and ``difference`` per task and, under
        ``score``, of the mean: ``[low, high]``.
    """
    from statistics import fmean

    from fcotvl_hf.eval_harness.comparison import paired_difference

    table = {}
    for method, scores in samples.items():
        tasks = {task: fmean(values) for task, values in scores.items()}
        pairs = {task: ({task: values}, {task: samples["last"][task]}) for task, values in scores.items()}
        pairs["score"] = (dict(scores), dict(samples["last"]))
        intervals = {name: paired_difference(own, last) for name, (own, last) in pairs.items()}
        table[method] = {
            "weights": weights[method],
            "tasks": tasks,
            "score": fmean(tasks.values()),
            "difference": {name: [interval.low, interval.high] for name, interval in intervals.items()},
        }
    return table


def as_markdown(table: Mapping[str, Any]) -> str:
    """The table, a row for each method."""
    tasks = list(table["last"]["tasks"])
    lines = [
        f"| merge | {' | '.join(tasks)} | mean | weights |",
        f"| --- | {'---: | ' * len(tasks)}---: | --- |",
    ]
    for method, row in table.items():
        figures = {**row["tasks"], "score": row["score"]}
        cells = [_cell(value, row["difference"][name] if method != "last" else None) for name, value in figures.items()]
        lines.append(f"| {method} | {' | '.join(cells)} | {' '.join(f'{w:.2f}' for w in row['weights'])} |")
    return "\n".join(lines)


def _cell(value: float, difference: Sequence[float] | None) -> str:
    return f"{value:.3f}" + (f" ({difference[0]:+.3f} … {difference[1]:+.3f})" if difference else "")


if __name__ == "__main__":
    sys.exit(run_command("merge_table", main))
