"""The demo's ``report.html`` and its plots."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.eval_harness.plots import score_over_tokens
from fcotvl_hf.eval_harness.report import Example, answer, render_report
from fcotvl_hf.eval_harness.rows import references
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.tiny.scores import Scores

from .live import LiveModel
from .plots import live_losses
from .summary import label


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
    plots = {
        "Score against visual tokens per image: further left is cheaper, higher is better.": score_over_tokens(
            summary["rows"]
        ),
        "What was trained before your eyes: loss per response token.": live_losses(live),
    }
    for name, plot in zip(("score-over-tokens", "live-loss"), plots.values(), strict=True):
        atomic_write(folder / f"{name}.svg", plot)
    labelled = [{**row, "label": label(row)} for row in summary["rows"]]
    facts = {
        "pages": len(rows),
        "seed": summary["seed"],
        "seconds": round(summary["seconds"]),
        **summary["versions"],
    }
    examples = _examples(rows, [row["label"] for row in labelled], answers, per_task)
    page = render_report("fcotvl demo: the same pages with fewer visual tokens", facts, labelled, plots, examples)
    atomic_write(folder / "report.html", page)


def _examples(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], answers: Sequence[Scores], per_task: int
) -> list[Example]:
    examples = []
    for task in answers[0]:
        asked = [row for row in rows if f"tiny-{row['task']}" == task]
        for index, row in enumerate(asked[:per_task]):
            records = [results[task].samples[index] for results in answers]
            reference = references(row)[0]
            told = [
                answer(name, r["prediction"], reference, r["score"]) for name, r in zip(names, records, strict=True)
            ]
            question = row["messages"][0]["content"][-1]["text"]
            examples.append(Example(row["task"], row["images"][0], question, reference, told))
    return examples
