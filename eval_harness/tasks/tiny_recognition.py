"""Reading printed lines.

name: tiny-recognition
dataset: ocr_mix/recognition
abstract: One to five lines of words, numbers and random strings on a page of one to four 112 px tiles. The score of a
    sample is max(0, 1 − character error rate).
languages: english
tags: ocr, synthetic
"""

from ..metrics.cer import corpus_one_minus_cer, one_minus_cer
from ..metrics.exact import exact_lines
from .task import Task

TASK = Task(
    name="tiny-recognition",
    version=1,
    max_new_tokens=320,
    sample_score=one_minus_cer,
    sample_metrics={"exact_lines": exact_lines},
    corpus_metrics={"corpus_one_minus_cer": corpus_one_minus_cer},
)
