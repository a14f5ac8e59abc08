"""``results/rivals.json`` and the table of ``docs/rivals.md``: all rivals, on a part of the main table's pages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.eval_harness.lead import AS_FEW, best_rival
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.marks import fill_marked

from .page import between, interval, kept, score, short
from .stage import Figures

_SHOWN = (
    *("kind", "tokens_per_image", "tokens_over_layers", "score"),
    *("retention", "retention_interval", "difference"),
)

FILE, PAGE, MARK = Path("results/rivals.json"), Path("docs/rivals.md"), "rivals"


def publish_rivals(root: Path, figures: Mapping[str, Any]) -> None:
    """Write the file, and the table into its page.

    Args:
        root: the repository.
        figures: ``settings``, ``made`` and ``rows``, see ``named``.

    Raises:
        ValueError: the page has no place for the table.
    """
    fill_marked(root / PAGE, MARK, rivals_section(figures))
    atomic_write(root / FILE, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def named(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Figures]:
    """Rows of ``comparison.json`` under the names of tables, with the score alone of each task.

    Args:
        names: one for each row.
        rows: the teacher's first.
    """
    return [
        {
            "name": name,
            **{key: row[key] for key in _SHOWN},
            "tasks": {task: entry["score"] for task, entry in row["tasks"].items()},
        }
        for name, row in zip(names, rows, strict=True)
    ]


def rivals_section(figures: Mapping[str, Any]) -> str:
    """The table and what it says, in Markdown.

    Args:
        figures: content of the file.
    """
    settings, rows = figures["settings"], figures["rows"]
    pages = f"{settings['limit']} pages of each task" if settings["limit"] else "pages"
    tasks = [short(task) for task in rows[0]["tasks"]]
    headings = ["model", "tokens", "over layers", *tasks, "score", "kept, 95 %", "difference to the teacher"]
    return "\n".join(
        [
            f"Of `{settings['teacher']}`, on {pages}. They are the first of the [main table](results.md)'s, which has",
            "more, so its figures differ. *Over layers* is the mean over the language model's layers.",
            "",
            f"| {' | '.join(headings)} |",
            f"| --- {'| ---: ' * (len(headings) - 1)}|",
            *(f"| {' | '.join(_cells(row))} |" for row in rows),
            "",
            f"`{FILE}`, made on {figures['made']['on']}.",
            *_best(rows),
        ]
    )


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    yield row["name"]
    yield from (f"{row[key]:.1f}" for key in ("tokens_per_image", "tokens_over_layers"))
    yield from map(score, [*row["tasks"].values(), row["score"]])
    able = row["kind"] != "teacher" and row["retention"] is not None  # of nothing nobody keeps a share
    yield f"{kept(row['retention'])} ({between(row['retention_interval'])})" if able else "–"
    yield interval(row["difference"])


def _best(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each student, beside the rival that spends as few tokens and keeps most."""
    for student in (row for row in rows if row["kind"] == "student" and row["retention"] is not None):
        if best := best_rival(rows, student):
            yield f"\n{student['name']} keeps {kept(student['retention'])}. Of the rivals that spend at most"
            yield f"{AS_FEW - 1:.0%} more tokens over layers, {best['name']} keeps most: {kept(best['retention'])}."
