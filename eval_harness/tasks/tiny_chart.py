"""Charts to python dicts.

name: tiny-chart
dataset: ocr_mix/chart
abstract: A small drawn chart is written as a python dict from labels to values. The score of a sample is the F1 of its
    key-value pairs.
languages: english
tags: charts, synthetic
"""

from ..metrics.exact import exact_match
from ..metrics.pairs import pair_f1
from ..rows import spoken_target
from .ocr_mix import ocr_mix
from .task import Task, best, means

TASK = Task(
    name="tiny-chart",
    version=1,
    source=ocr_mix("chart"),
    target=spoken_target,
    max_new_tokens=96,
    post_process=str,
    metric="pair_f1",
    sample_score=best(pair_f1),
    figures=means(exact_match=best(exact_match)),
    citation="docs/tiny.md",
)
