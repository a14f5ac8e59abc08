"""Reading printed lines.

name: tiny-recognition
dataset: ocr_mix/recognition
abstract: One to five lines of words, numbers and random strings on a page of one to four 112 px tiles. The score of a
    sample is max(0, 1 − character error rate).
languages: english
tags: ocr, synthetic
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

from ..metrics.cer import corpus_one_minus_cer, one_minus_cer
from ..metrics.exact import exact_lines
from ..rows import Target, spoken_target
from .ocr_mix import ocr_mix
from .task import Task, best


def _figures(predictions: Sequence[str], targets: Sequence[Target]) -> Mapping[str, float]:
    references = [target["references"][0] for target in targets]
    return {
        "exact_lines": fmean(map(exact_lines, predictions, references)),
        "corpus_one_minus_cer": corpus_one_minus_cer(predictions, references),
    }


TASK = Task(
    name="tiny-recognition",
    version=1,
    source=ocr_mix("recognition"),
    target=spoken_target,
    max_new_tokens=320,
    post_process=str,
    metric="one_minus_cer",
    sample_score=best(one_minus_cer),
    figures=_figures,
    citation="docs/tiny.md",
)
