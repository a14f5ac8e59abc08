"""The part of a comparison that shows where everybody's answers to the same question look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from fcotvl_hf.io.images import load_image

from .evaluations import Evaluation
from .pictures import data_url, side_by_side


@dataclass(frozen=True)
class Sheet:
    """One page, veiled for each model, side by side.

    Args:
        task: what was asked.
        id: the row's.
        picture: from left to right in the order of the evaluations.
        captions: model, share of the attention that goes to the page, and answer.
    """

    task: str
    id: str
    picture: Image.Image
    captions: Sequence[tuple[str, float, str]]

    @property
    def source(self) -> str:
        """The picture as the ``src`` of an HTML image."""
        return data_url(self.picture)


def attention_sheets(evaluations: Sequence[Evaluation]) -> Iterator[Sheet]:
    """The pages of which all evaluations have a picture.

    Args:
        evaluations: of the same rows.

    Raises:
        FileNotFoundError: a picture is gone.
    """
    by_row = [
        {(drawn["task"], drawn["id"]): drawn for drawn in each.pictures if drawn["task"] in each.samples}
        for each in evaluations
    ]
    for task, row in by_row[0]:
        entries = [drawn[task, row] for drawn in by_row if (task, row) in drawn]
        if len(entries) < len(evaluations):
            continue
        files = [each.folder / entry["file"] for each, entry in zip(evaluations, entries, strict=True)]
        labels = [each.label for each in evaluations]
        captions = [(label, entry["share"], entry["prediction"]) for label, entry in zip(labels, entries, strict=True)]
        yield Sheet(task, row, side_by_side([load_image(file) for file in files]), captions)
