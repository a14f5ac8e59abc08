"""The demo from beginning to end: train, ask everybody the same questions, print the table, write the report."""

import json
import os
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from fcotvl_hf.baselines import Reduced
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.backend import TransformersBackend
from fcotvl_hf.eval_harness.tables import print_whole
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.atomic import atomic_folder, atomic_write
from fcotvl_hf.tiny.scores import PerLayer, Scores, ask_all, figures, fresh_rows

from .budget import FULL, QUICK
from .contenders import Contender, baselines, from_live, packaged
from .costs import Cost, mean_cost
from .live import train_live
from .report import write_report
from .summary import as_table, summarise, summary_row


def run_demo(out: Path, quick: bool = False, seed: int = 0) -> None:
    """Run the demo.

    Args:
        out: gets ``summary.json``, ``report.html``, plots and the live models' folders; an earlier demo there is
            replaced when this one is complete.
        quick: less training, fewer pages.
        seed: 0 to 999; the same seed gives the same figures on the same machine.

    Raises:
        ValueError: the seed is out of range.
        FileExistsError: ``out`` exists and is not an earlier demo.
        FileNotFoundError: the packaged models are missing.
    """
    if not 0 <= seed < 1000:
        raise ValueError(f"seed {seed} is not between 0 and 999, where evaluation pages cannot meet training pages")
    started = time.monotonic()
    _quiet()
    budget, console = (QUICK if quick else FULL), Console(stderr=True)
    with atomic_folder(out, overwrite=_is_demo(out)) as folder:
        rows = fresh_rows(budget.rows_per_task, seed, Domain())
        live = train_live(folder / "models", budget, seed)
        summary_rows, answers = _compete(rows, [c for model in live for c in from_live(model)], folder, console)
        summary = summarise(summary_rows, time.monotonic() - started, seed)
        atomic_write(folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        write_report(folder, summary, rows, answers, live, budget.examples)
    print_whole(as_table(summary["rows"]))
    console.print(f"{summary['seconds']:.0f} s. Report: {out / 'report.html'}, figures: {out / 'summary.json'}")


def _is_demo(folder: Path) -> bool:
    """Whether ``folder`` holds an earlier demo and nothing else."""
    ours = {"summary.json", "report.html", "score-over-tokens.svg", "live-loss.svg", "models"}
    return folder.is_dir() and {path.name for path in folder.iterdir()} == ours


def _compete(
    rows: list[dict[str, Any]], live: list[Contender], root: Path, console: Console
) -> tuple[list[dict[str, Any]], list[Scores]]:
    """Let everybody answer; returns the rows of ``summary.json`` and, in the same order, the answers."""
    teacher, *students = packaged()
    contenders = [teacher, *(c for c in live if c.kind == "control"), *students]
    contenders += [c for c in live if c.kind == "student"] + list(baselines(*load_model("tiny"), rows))
    summary_rows: list[dict[str, Any]] = []
    answers: list[Scores] = []
    reference, spent = None, None
    for contender in contenders:
        console.print(f"asking {contender.name}{f', {contender.stage}' if contender.stage else ''}")
        results, cost, per_layer = _ask(contender, rows)
        reference, spent = reference or results, spent or cost
        found = figures(results, reference, per_layer)
        summary_rows.append(summary_row(contender, found, cost, spent, root))
        answers.append(results)
    return summary_rows, answers


def _ask(contender: Contender, rows: list[dict[str, Any]]) -> tuple[Scores, Cost, PerLayer | None]:
    """A contender's answers, what they cost, and what its layers see if they see different numbers of tokens."""
    loaded, per_layer = contender.load(), None
    if isinstance(loaded, Reduced):
        model, processor, per_layer = loaded.model, loaded.processor, loaded.tokens_per_layer
    else:
        model, processor = loaded
    results = ask_all(TransformersBackend(model, confidence=True), processor, rows)
    return results, mean_cost(model.config, processor, rows, per_layer), per_layer


def _quiet() -> None:
    """Keep the libraries' chatter off the screen: progress bars and the table are what counts here."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
