"""Table 1 and Figure 3: teacher, students, other trained models and untrained rivals, on four tasks and off them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.cost_plot import score_over_tokens
from fcotvl_hf.eval_harness.lead import lead_sentence
from fcotvl_hf.eval_harness.plots import Chart, radar
from fcotvl_hf.eval_harness.report import render_report
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.tiny.cards import as_points, fill_readme, write_cards
from fcotvl_hf.tiny.exam import take_exam
from fcotvl_hf.tiny.examples import Told, make_examples
from fcotvl_hf.tiny.rivalry import best_rivals, kept_by_task, trained
from fcotvl_hf.tiny.scores import fresh_rows
from fcotvl_hf.tiny.weights import weights_of

from .stage import Figures, Pictures, Stage, read_figures

_TITLE = "The tiny models and their rivals on the same pages"
_SHOWN = 8
"""Pages of each task in the report."""


class MainTable(Stage):
    """The exam."""

    name = "scores"

    @property
    def settings(self) -> Figures:
        further = {name: weights_of([folder])[folder] for name, folder in self.plan.further.items()}
        told = {"per_task": self.plan.per_task, "seeds": list(self.plan.seeds)}
        return {**told, "models": {**weights_of(), **further}}

    def measure(self) -> Figures:
        exam = take_exam(self.plan.further, self.plan.per_task, self.plan.seeds, self.runs, _SHOWN)
        answers = {
            name: {
                task: [_told(record, exam["models"][name]["kind"]) for record in records]
                for task, records in tasks.items()
            }
            for name, tasks in exam["answers"].items()
        }
        return {"models": exam["models"], "answers": answers}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        models = figures["models"]
        over_tokens = score_over_tokens(as_points(figures))
        kept = radar(kept_by_task(models, [*trained(models), *best_rivals(models)]))
        charts = [("Score against visual tokens per image.", over_tokens), ("Kept of the teacher's score.", kept)]
        report = _report(figures, charts)
        return {"score-over-tokens.svg": over_tokens.svg, "radar.svg": kept.svg, "report.html": report}


def _told(record: Mapping[str, Any], kind: str) -> Figures:
    """What the report shows of a record: of the many rivals no confidence, which takes most of the space."""
    shown = ("prediction", "score") if kind == "baseline" else ("prediction", "score", "confidence")
    return {key: record[key] for key in shown if key in record}


def _report(figures: Mapping[str, Any], charts: Sequence[tuple[str, Chart]]) -> str:
    """The page with the table and some of the answers."""
    rows = [{"label": name, "kind": entry["kind"], **entry["fresh"]} for name, entry in figures["models"].items()]
    for row in rows:
        row["tasks"] = {task: entry["score"] for task, entry in row["tasks"].items()}
    settings = figures["settings"]
    shown = min(len(records) for tasks in figures["answers"].values() for records in tasks.values())
    asked = fresh_rows(shown, settings["seeds"][0], Domain())
    told = [Told(name, figures["models"][name]["kind"], answers) for name, answers in figures["answers"].items()]
    facts = {
        "pages of each task": settings["per_task"] * len(settings["seeds"]),
        "seeds": ", ".join(map(str, settings["seeds"])),
        "made on": figures["made"]["on"],
        **figures["made"]["versions"],
    }
    return render_report(_TITLE, facts, rows, charts, list(make_examples(asked, told, shown)), lead_sentence(rows))


def publish_scores(root: Path, path: Path) -> None:
    """Put the exam's figures where users look: cards, README and its picture.

    Args:
        root: the repository.
        path: the stage's file.
    """
    figures = read_figures(path)
    assert figures is not None
    scores = {"settings": {key: figures["settings"][key] for key in ("per_task", "seeds")}, "models": figures["models"]}
    write_cards(root / "fcotvl_hf" / "assets", scores)
    fill_readme(root / "README.md", scores)
    atomic_write(root / "docs" / "images" / "score-over-tokens.svg", score_over_tokens(as_points(scores)).svg)
