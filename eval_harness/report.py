"""One self-contained HTML page about a comparison: table, charts, and example pages with everybody's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from .confidence import Piece
from .diff import Segment, word_diff
from .html import Cell, Line, page_environment
from .lead import best_students, spent
from .pictures import data_url
from .plots import Chart
from .token_grid import TokenGrid

_COSTS = {"prefill_ratio": "prefill", "kv_ratio": "KV cache"}
"""Key of a row → its heading."""
_APART = 0.05
"""Scores on a page that lie further from each other differ."""


@dataclass(frozen=True)
class Answer:
    """What one model said about a page.

    Args:
        model: the model's name.
        kind: what the model is compared as.
        prediction: its answer.
        score: 0 to 1.
        segments: the answer aligned with the reference, word by word.
        confidence: how sure the model was of each piece, if it was told to say.
    """

    model: str
    kind: str
    prediction: str
    score: float
    segments: Sequence[Segment]
    confidence: Sequence[Piece] = ()

    @property
    def least(self) -> float:
        """The lowest probability of its tokens."""
        return min(share for _, share in self.confidence)


@dataclass(frozen=True)
class Example:
    """A page, what was asked about it, all answers, the teacher's first, and how the page can be cut into tokens."""

    task: str
    image: Image.Image
    question: str
    reference: str
    answers: Sequence[Answer]
    grids: Sequence[TokenGrid] = ()

    @property
    def source(self) -> str:
        """The page as the ``src`` of an HTML image."""
        return data_url(self.image)

    def answers_of(self, models: Sequence[str]) -> list[Answer]:
        """The answers of some models.

        Args:
            models: their names.
        """
        return [given for given in self.answers if given.model in models]

    def differs(self, models: Sequence[str]) -> bool:
        """Whether one of some models scores clearly otherwise than the teacher.

        Args:
            models: their names.
        """
        return any(abs(given.score - self.answers[0].score) > _APART for given in self.answers_of(models))


def answer(model: str, kind: str, record: Mapping[str, Any], reference: str) -> Answer:
    """An ``Answer`` with its word-level difference from ``reference``.

    Args:
        model: the model's name.
        kind: what it is compared as.
        record: of the runner, see ``samples``.
        reference: the right answer.
    """
    said = record["prediction"]
    told = record.get("confidence", ())
    return Answer(model, kind, said, record["score"], word_diff(said, reference), told)


def render_report(
    title: str,
    facts: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    charts: Sequence[tuple[str, Chart]],
    examples: Sequence[Example],
    lead: str = "",
) -> str:
    """Fill the report's template.

    Args:
        title: of the page.
        facts: name → value, what the figures rest on.
        rows: table rows with ``label``, ``kind``, ``tokens_per_image``, ``tokens_over_layers``, ``tasks``, ``score``,
            ``retention``, ``difference`` and, where costs are known of all, ``prefill_ratio``, ``kv_ratio``.
        charts: pairs of caption and chart.
        examples: pages with answers; the first on which a student differs is open, and the line of each tells how the
            teacher and the best students scored.
        lead: what came out, see ``lead_sentence``.

    Returns:
        HTML that loads nothing from outside.
    """
    tasks = [task.removeprefix("tiny-") for task in rows[0]["tasks"]]
    costs = [key for key in _COSTS if key in rows[0]]
    told = [row["label"] for row in (rows[0], *best_students(rows))]
    return (
        page_environment()
        .get_template("own/report.html.j2")
        .render(
            title=title,
            facts=facts,
            headings=["tokens", *tasks, "score", "kept", "difference", *(_COSTS[key] for key in costs)],
            lines=[Line(row["label"], row["kind"], _cells(row, costs)) for row in rows],
            charts=charts,
            examples=examples,
            told=told,
            opened=next((number for number, example in enumerate(examples) if example.differs(told)), 0),
            apart=_APART,
            lead=lead,
            costed=bool(costs),
        )
    )


def _cells(row: Mapping[str, Any], costs: Sequence[str]) -> list[Cell]:
    return [
        Cell(spent(row), row["tokens_over_layers"]),
        *(Cell(f"{score:.3f}", score) for score in row["tasks"].values()),
        Cell(f"{row['score']:.3f}", row["score"]),
        Cell(f"{row['retention']:.1%}", row["retention"], row["retention"]),
        difference_cell(row["difference"], row["kind"]),
        *(Cell(f"{row[key]:.2f}×", row[key]) for key in costs),
    ]


def difference_cell(bounds: Sequence[float], kind: str) -> Cell:
    """The interval of a difference to the teacher, which itself has none.

    Args:
        bounds: low and high.
        kind: of the model.
    """
    low, high = bounds
    return Cell("–") if kind == "teacher" else Cell(f"{low:+.3f} … {high:+.3f}", (low + high) / 2)
