"""Rows of the tasks that this project draws itself, for when no folder has them."""

from collections.abc import Iterator

from fcotvl_hf.dataset_builders.ocr_mix import legibility
from fcotvl_hf.dataset_builders.ocr_mix.mix import FRESH, fresh_sample
from fcotvl_hf.dataset_builders.rows import Sample
from fcotvl_hf.eval_harness.loading import LoadedRows
from fcotvl_hf.eval_harness.tasks import Task

PAGES = 64
"""Rows of a task without a limit: those that ``fcotvl demo`` asks with its default seed."""

PAGES_PER_SIZE = 16


def drawn_rows(task: Task, limit: int | None, tile: int) -> LoadedRows:
    """Draw a task's rows.

    Args:
        task: one without a data set on the Hub.
        limit: how many; by default ``PAGES``, of the eye test ``PAGES_PER_SIZE`` of each size.
        tile: side of the model's tiles in pixels.
    """
    if task.source.config == legibility.NAME:
        count = limit or PAGES_PER_SIZE * len(legibility.SIZES)
        drawn: Iterator[Sample] = legibility.samples(count, FRESH, tile)
    else:
        count = limit or PAGES
        drawn = (fresh_sample(str(task.source.config), number) for number in range(count))
    return LoadedRows((sample.row() for sample in drawn), count)
