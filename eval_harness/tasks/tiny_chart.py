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
from .task import Task

TASK = Task(
    name="tiny-chart",
    version=1,
    max_new_tokens=96,
    sample_score=pair_f1,
    sample_metrics={"exact_match": exact_match},
)
