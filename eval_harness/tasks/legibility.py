"""An eye test: how small may type be that a model still reads?

name: legibility
dataset: ocr_mix/legibility
abstract: Lines of words, numbers and random strings, black on white, on pages of one tile, so that a pixel of the page
    is a pixel that the model sees. The score of a sample is max(0, 1 − character error rate), that of the task the
    mean over font sizes. ``smallest_px`` is the smallest size that is read at 0.9 or better, as all larger ones are.
languages: english
tags: ocr, synthetic
"""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from statistics import fmean

from ..metrics.cer import one_minus_cer
from ..rows import Row, Target, references
from .ocr_mix import ocr_mix
from .task import Task, best

LEGIBLE = 0.9
"""Mean score at which a size counts as read: one character in ten may be wrong."""

_SIZE = "size_"


def _target(row: Row) -> Target:
    return {"references": references(row), "size": json.loads(row["meta"])["size"]}


def _figures(predictions: Sequence[str], targets: Sequence[Target]) -> Mapping[str, float]:
    scores: dict[int, list[float]] = {}
    for prediction, target in zip(predictions, targets, strict=True):
        scores.setdefault(target["size"], []).append(one_minus_cer(prediction, target["references"][0]))
    sizes = {size: fmean(scores[size]) for size in sorted(scores, reverse=True)}
    read = list(takewhile(lambda size: sizes[size] >= LEGIBLE, sizes))
    smallest = {"smallest_px": float(read[-1])} if read else {}
    return {**smallest, **{f"{_SIZE}{size}": score for size, score in sizes.items()}}


def score_by_size(metrics: Mapping[str, float]) -> dict[int, float]:
    """Font size in pixels per em → mean score, smallest first.

    Args:
        metrics: the task's figures.
    """
    sizes = {int(name.removeprefix(_SIZE)): score for name, score in metrics.items() if name.startswith(_SIZE)}
    return dict(sorted(sizes.items()))


TASK = Task(
    name="legibility",
    version=1,
    source=ocr_mix("legibility"),
    target=_target,
    max_new_tokens=256,
    post_process=str,
    metric="one_minus_cer",
    sample_score=best(one_minus_cer),
    figures=_figures,
    group="size",
    citation="docs/evaluation.md",
)
