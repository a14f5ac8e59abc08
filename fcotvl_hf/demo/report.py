"""The demo's ``report.html`` and its plots."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.eval_harness.cost_plot import score_over_tokens
from fcotvl_hf.eval_harness.lead import lead_sentence
from fcotvl_hf.eval_harness.report import render_report
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.tiny.examples import Told, make_examples
from fcotvl_hf.tiny.scores import Scores

from .live import LiveModel
from .plots import live_losses
from .summary import label

_OVER_TOKENS = "Score against visual tokens per image: further left is cheaper, higher is better."
_LIVE = "What was trained before your eyes: loss per response token."


def write_report(
    folder: Path,
    summary: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    answers: Sequence[Scores],
    live: Sequence[LiveModel],
    per_task: int,
) -> None:
    """Write ``report.html``, ``score-over-tokens.svg`` and ``live-loss.svg``.

    Args:
        folder: where to.
        summary: the content of ``summary.json``.
        rows: the questions, in the order that they were asked in.
        answers: each contender's results, in the order of the summary's rows.
        live: what was trained.
        per_task: pages of each task to show.
    """
    rows_shown = [{**row, "label": label(row)} for row in summary["rows"]]
    charts = {
        "score-over-tokens": (_OVER_TOKENS, score_over_tokens(rows_shown)),
        "live-loss": (_LIVE, live_losses(live)),
    }
    for name, (_, chart) in charts.items():
        atomic_write(folder / f"{name}.svg", chart.svg)
    facts = {
        "pages": len(rows),
        "seed": summary["seed"],
        "seconds": round(summary["seconds"]),
        **summary["versions"],
    }
    told = [
        Told(row["label"], row["kind"], {task: result.samples for task, result in results.items()})
        for row, results in zip(rows_shown, answers, strict=True)
    ]
    examples = list(make_examples(rows, told, per_task))
    title = "The same pages with fewer visual tokens"
    lead = lead_sentence(rows_shown)
    page = render_report(title, facts, rows_shown, list(charts.values()), examples, lead)
    atomic_write(folder / "report.html", page)
