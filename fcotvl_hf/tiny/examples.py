"""Pages with everybody's answers, for reports."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from PIL import Image

from fcotvl_hf.eval_harness.attention import token_window
from fcotvl_hf.eval_harness.report import Example, answer
from fcotvl_hf.eval_harness.rows import Row, references
from fcotvl_hf.eval_harness.token_grid import TokenGrid, token_grid
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.hub.names import resolve_model
from fcotvl_hf.modeling import FCoTVLProcessor


class Told(NamedTuple):
    """What a model said.

    Args:
        label: the model's name.
        kind: what it is compared as.
        records: task → records in the order of its rows, see ``samples.Record``.
    """

    label: str
    kind: str
    records: Mapping[str, Sequence[Mapping[str, Any]]]


def make_examples(rows: Sequence[Row], models: Sequence[Told], per_task: int) -> Iterator[Example]:
    """The first rows of each task.

    Args:
        rows: the questions, in the order that they were asked in.
        models: everybody's answers to at least ``per_task`` of each task.
        per_task: how many to show.
    """
    grids = _Grids()
    for task in models[0].records:
        asked = [row for row in rows if f"tiny-{row['task']}" == task]
        for index, row in enumerate(asked[:per_task]):
            reference = references(row)[0]
            answers = [answer(told.label, told.kind, told.records[task][index], reference) for told in models]
            question, page = row["messages"][0]["content"][-1]["text"], row["images"][0]
            yield Example(row["task"], page, question, reference, answers, grids.of(page))


class _Grids:
    """How the packaged models cut a page into tokens."""

    def __init__(self) -> None:
        self._models = {}
        for name in PACKAGED:
            folder = resolve_model(name)
            self._models[name] = FCoTVLProcessor.from_pretrained(folder), token_window(load_config(folder))

    def of(self, page: Image.Image) -> list[TokenGrid]:
        """The grids of a page."""
        return [
            token_grid(
                name,
                page.size,
                processor.image_seq_length,
                window,
                processor.image_processor.size["height"],
                processor.image_processor.min_patches,
                processor.image_processor.max_patches,
            )
            for name, (processor, window) in self._models.items()
        ]
