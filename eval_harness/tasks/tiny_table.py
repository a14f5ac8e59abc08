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
from .task import Task

TASK = Task(
    name="tiny-table",
    version=1,
    max_new_tokens=256,
    sample_score=cell_f1,
    sample_metrics={"exact_match": exact_match},
)
