"""Tables to Markdown.

name: tiny-table
dataset: ocr_mix/table
abstract: A small drawn table is written as Markdown. The score of a sample is the F1 of its cells at their row and
    column.
languages: english
tags: tables, synthetic
"""

from ..metrics.cells import cell_f1
from ..metrics.exact import exact_match
from ..rows import spoken_target
from .ocr_mix import ocr_mix
from .task import Task, best, means

TASK = Task(
    name="tiny-table",
    version=1,
    source=ocr_mix("table"),
    target=spoken_target,
    max_new_tokens=256,
    post_process=str,
    metric="cell_f1",
    sample_score=best(cell_f1),
    figures=means(exact_match=best(exact_match)),
    citation="docs/tiny.md",
)
