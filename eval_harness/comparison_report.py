"""``fcotvl eval --compare``: the first folder is the teacher's, the others' scores are set against it.

Writes ``comparison.json``, ``changes.jsonl`` (every sample that scores differently, with the answers aligned word by
word), the plots, where the answers look if the folders have that, ``report.html`` and ``report.md``.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from fcotvl_hf.io.atomic import atomic_write, check_no_file

from .attention_report import Sheet, attention_sheets
from .comparison import paired_difference, retention, retention_interval
from .cost_plot import score_over_tokens
from .diff import word_diff
from .evaluations import Evaluation, on_the_same_rows, read_evaluation
from .html import Cell, Line, page_environment
from .lead import lead_sentence
from .pictures import png
from .plots import RADAR_LINES, Chart, legibility_chart, radar
from .report import difference_cell
from .samples import Record
from .strata import mean
from .tables import print_whole
from .tasks.legibility import LEGIBLE, score_by_size
from .tasks.legibility import TASK as LEGIBILITY

SHOWN = 8
"""Lost and won answers of a model that the report shows."""


def compare_folders(folders: Sequence[Path], out: Path) -> None:
    """Compare evaluations, write the report and print its table.

    Args:
        folders: written by ``fcotvl eval``; the first is the teacher's.
        out: folder to write to.

    Raises:
        ValueError: there is only one, or they cannot be compared.
        OSError: a folder holds no evaluation, or ``out`` is a file.
    """
    if len(folders) < 2:
        raise ValueError("a comparison needs two folders or more, the teacher's first")
    check_no_file(out)
    evaluations = on_the_same_rows(_labelled([read_evaluation(folder) for folder in folders], folders))
    rows = [compare(each, evaluations[0]) for each in evaluations]
    changed = [list(changes(each, evaluations[0])) for each in evaluations]
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / "comparison.json", json.dumps({"rows": rows}, indent=2, ensure_ascii=False) + "\n")
    lines = (json.dumps(change, ensure_ascii=False) + "\n" for each in changed for change in each)
    atomic_write(out / "changes.jsonl", "".join(lines))
    plots = _plots(rows, evaluations)
    for name, (_, chart) in plots.items():
        atomic_write(out / f"{name}.svg", chart.svg)
    shown = {row["label"]: _extremes(each) for row, each in zip(rows[1:], changed[1:], strict=True)}
    sheets = {f"attention-{number}.png": sheet for number, sheet in enumerate(attention_sheets(evaluations))}
    for name, sheet in sheets.items():
        atomic_write(out / name, png(sheet.picture))
    for name in ("report.html", "report.md"):
        atomic_write(out / name, _render(name, rows, plots, shown, sheets))
    print_whole(as_table(rows))


def compare(model: Evaluation, teacher: Evaluation) -> dict[str, Any]:
    """One row of ``comparison.json``.

    Args:
        model: on the same rows as the teacher.
        teacher: what it is compared with; may be the model itself.

    Returns:
        Per task score, difference to the teacher with its interval, and how many samples were won and lost; over all
        tasks the mean score, its difference, and retention over the tasks on which the teacher scores at all.
    """
    own, reference = model.strata, teacher.strata
    tasks = {task: _task_row(model, teacher, task) for task in own}
    able = [task for task in own if mean(reference[task]) > 0]
    kept = {task: own[task] for task in able}, {task: reference[task] for task in able}
    difference = paired_difference(own, reference)
    scores = [mean(groups) for groups in own.values()]
    teachers = [mean(groups) for groups in reference.values()]
    interval = retention_interval(*kept) if able else None
    return {
        "label": model.label,
        "kind": "teacher" if model is teacher else "baseline" if "reduction" in model.results else "student",
        "compression": model.results["compression"],
        "tokens_per_image": model.tokens_per_image,
        "tokens_over_layers": model.tokens_over_layers,
        "score": float(np.mean(scores)),
        "difference": [difference.low, difference.high],
        "retention": retention(*kept) if able else None,
        "retention_interval": [interval.low, interval.high] if interval else None,
        "ratio_of_means": sum(scores) / sum(teachers) if able else None,
        "tasks": tasks,
        "settings_hash": model.results["settings_hash"],
    }


def changes(model: Evaluation, teacher: Evaluation) -> Iterator[dict[str, Any]]:
    """The samples that score differently, the worst loss first within each task.

    Args:
        model: on the same rows as the teacher.
        teacher: what it is compared with.

    Yields:
        Lines of ``changes.jsonl``; ``diff`` turns the teacher's answer into the model's.
    """
    for task, records in model.samples.items():
        pairs = [(record, teacher.samples[task][row]) for row, record in records.items()]
        pairs.sort(key=lambda pair: pair[0]["score"] - pair[1]["score"])
        yield from (_change(model.label, task, *pair) for pair in pairs if pair[0]["score"] != pair[1]["score"])


def as_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The comparison for the terminal."""
    table = Table(title=f"Kept of {rows[0]['label']}", title_justify="left")
    table.add_column("model", no_wrap=True)
    dropping = any(row["tokens_over_layers"] != row["tokens_per_image"] for row in rows)
    tokens = ("tokens", "over layers") if dropping else ("tokens",)
    for heading in (*tokens, *rows[0]["tasks"], "score", "difference", "kept", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        low, high = row["difference"]
        difference = "–" if row["kind"] == "teacher" else f"{low:+.3f} … {high:+.3f}"
        scores = [f"{entry['score']:.3f}" for entry in row["tasks"].values()]
        kept = [_percent([row["retention"]]), _percent(row["retention_interval"])]
        counts = [row["tokens_per_image"], row["tokens_over_layers"]][: len(tokens)]
        spent = [f"{count:.1f}" for count in counts]
        table.add_row(row["label"], *spent, *scores, f"{row['score']:.3f}", difference, *kept)
    return table


def _labelled(evaluations: Sequence[Evaluation], folders: Sequence[Path]) -> list[Evaluation]:
    """Models of the same name told apart by their folders."""
    names = Counter(each.label for each in evaluations)
    return [
        each if names[each.label] == 1 else replace(each, label=f"{each.label} ({folder})")
        for each, folder in zip(evaluations, folders, strict=True)
    ]


def _task_row(model: Evaluation, teacher: Evaluation, task: str) -> dict[str, Any]:
    own, reference = model.strata[task], teacher.strata[task]
    difference = paired_difference({task: own}, {task: reference})
    signs = Counter(
        np.sign(record["score"] - teacher.samples[task][row]["score"]) for row, record in model.samples[task].items()
    )
    score, teachers = mean(own), mean(reference)
    return {
        "n": len(model.samples[task]),
        "score": score,
        "kept": score / teachers if teachers else None,
        "difference": [difference.low, difference.high],
        "won": signs[1],
        "lost": signs[-1],
    }


def _change(model: str, task: str, record: Record, teachers: Record) -> dict[str, Any]:
    return {
        "model": model,
        "task": task,
        "id": record["id"],
        "change": record["score"] - teachers["score"],
        "references": record["references"],
        "teacher": teachers["prediction"],
        "prediction": record["prediction"],
        "diff": word_diff(record["prediction"], teachers["prediction"]),
        "confidence": record.get("confidence", []),
    }


def _extremes(changed: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The answers that lost and won most, over all tasks."""
    ordered = sorted(changed, key=lambda change: change["change"])
    return {
        "lost": [change for change in ordered[:SHOWN] if change["change"] < 0],
        "won": [change for change in ordered[::-1][:SHOWN] if change["change"] > 0],
    }


def _in_radar(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Teacher and students, and as many of the best baselines as can be told apart."""
    models = [row for row in rows if row["kind"] != "baseline"]
    baselines = sorted((row for row in rows if row["kind"] == "baseline"), key=lambda row: -row["score"])
    return models + baselines[: max(0, RADAR_LINES - len(models))]


def _plots(rows: Sequence[Mapping[str, Any]], evaluations: Sequence[Evaluation]) -> dict[str, tuple[str, Chart]]:
    """File name → caption and chart."""
    caption = "Score against visual tokens per image (mean over layers): further left is cheaper, higher is better."
    plots = {"score-over-tokens": (caption, score_over_tokens(rows))}
    able = [task for task, entry in rows[0]["tasks"].items() if entry["kept"] is not None]
    if len(able) > 2:  # fewer rays are no area
        shown = _in_radar(rows)
        shares = {row["label"]: {task: row["tasks"][task]["kept"] for task in able} for row in shown}
        left_out = (
            f" {len(rows) - len(shown)} baselines with lower scores are left out." if len(shown) < len(rows) else ""
        )
        plots["radar"] = (f"Score as a share of the teacher's, in per cent.{left_out}", radar(shares))
    if LEGIBILITY.name in rows[0]["tasks"]:
        metrics = {each.label: each.results["tasks"][LEGIBILITY.name]["metrics"] for each in evaluations}
        chart = legibility_chart({name: score_by_size(each) for name, each in metrics.items()}, LEGIBLE)
        plots["legibility"] = (f"The eye test: above the line, {LEGIBLE:.0%} of the characters are right.", chart)
    return plots


def _render(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    plots: Mapping[str, tuple[str, Chart]],
    shown: Mapping[str, Mapping[str, Any]],
    sheets: Mapping[str, Sheet],
) -> str:
    environment = page_environment()
    environment.autoescape = name.endswith(".html")
    environment.filters["percent"] = _percent
    template = environment.get_template(f"own/comparison.{name.removeprefix('report.')}.j2")
    headings = ["tokens", *rows[0]["tasks"], "score", "kept", "95 %", "difference"]
    lines = [Line(row["label"], row["kind"], _cells(row)) for row in rows]
    told = {"headings": headings, "lines": lines, "lead": lead_sentence(rows)}
    return template.render(rows=rows, plots=plots, shown=shown, sheets=sheets, **told)


def _cells(row: Mapping[str, Any]) -> list[Cell]:
    kept = row["retention"]
    return [
        Cell(f"{row['tokens_per_image']:.1f}", row["tokens_per_image"]),
        *(
            Cell(f"{entry['score']:.3f}", entry["score"], title=f"{entry['won']} samples won, {entry['lost']} lost")
            for entry in row["tasks"].values()
        ),
        Cell(f"{row['score']:.3f}", row["score"]),
        Cell(_percent([kept]), kept, kept),
        Cell(_percent(row["retention_interval"])),
        difference_cell(row["difference"], row["kind"]),
    ]


def _percent(shares: Sequence[float | None] | None) -> str:
    """Shares as text; a dash where there is none."""
    return " … ".join("–" if share is None else f"{share:.1%}" for share in shares or [None])
