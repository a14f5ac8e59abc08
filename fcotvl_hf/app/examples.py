"""Pages to begin with: drawn by the mix's generators from seeds that no training saw.

They were picked to show the difference, easy and hard; how often a model is right is told by the scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fcotvl_hf.dataset_builders.ocr_mix.mix import fresh_sample

_SEED = 77_000
_PICKED = (("chart", 7), ("recognition", 9), ("lookup", 0), ("table", 12))

TASKS = {
    "Read the text": "Read the text.",
    "Table → Markdown": "Convert this table to Markdown.",
    "Chart → dict": "Convert this chart to a python dict.",
    "Look up a value": "What is the value of X?",
}
"""Names of the tasks → questions in the wording that the tiny models know best."""


@dataclass(frozen=True)
class Example:
    """A page and what to ask about it.

    Args:
        file: the page as PNG.
        question: what to ask.
    """

    file: Path
    question: str


def draw_examples(folder: Path) -> Sequence[Example]:
    """Draw the example pages.

    Args:
        folder: gets one file each.
    """
    return [_draw(folder, task, number) for task, number in _PICKED]


def _draw(folder: Path, task: str, number: int) -> Example:
    sample = fresh_sample(task, number, _SEED)
    file = folder / f"{task}.png"
    sample.image.save(file)
    return Example(file, sample.question)
