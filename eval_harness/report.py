"""One self-contained HTML page about a comparison: table, plots, and example pages with everybody's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader
from PIL import Image

from .diff import Segment, word_diff
from .pictures import data_url


@dataclass(frozen=True)
class Answer:
    """What one model said about a page.

    Args:
        model: the model's name.
        prediction: its answer.
        score: 0 to 1.
        segments: the answer aligned with the reference, word by word.
    """

    model: str
    prediction: str
    score: float
    segments: Sequence[Segment]


@dataclass(frozen=True)
class Example:
    """A page, what was asked about it, and all answers."""

    task: str
    image: Image.Image
    question: str
    reference: str
    answers: Sequence[Answer]

    @property
    def source(self) -> str:
        """The page as the ``src`` of an HTML image."""
        return data_url(self.image)


def answer(model: str, prediction: str, reference: str, score: float) -> Answer:
    """An ``Answer`` with its word-level difference from ``reference``."""
    return Answer(model, prediction, score, word_diff(prediction, reference))


def render_report(
    title: str,
    facts: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    plots: Mapping[str, str],
    examples: Sequence[Example],
) -> str:
    """Fill the report's template.

    Args:
        title: of the page.
        facts: name → value, shown under the title.
        rows: table rows with ``label``, ``kind``, ``tokens_per_image``, ``tasks``, ``score``, ``retention``,
            ``difference``, ``prefill_ratio``, ``kv_ratio``.
        plots: caption → SVG text.
        examples: pages with answers.

    Returns:
        HTML that loads nothing from outside.
    """
    package = "fcotvl_hf.eval_harness"
    environment = Environment(loader=PackageLoader(package, "templates"), autoescape=True, trim_blocks=True)
    style = (resources.files(package) / "templates" / "report.css").read_text()
    template = environment.get_template("report.html.j2")
    return template.render(title=title, facts=facts, rows=rows, plots=plots, examples=examples, style=style)
