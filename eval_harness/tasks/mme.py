"""Yes or no about images, two questions each.

name: mme
dataset: lmms-lab/MME, test
abstract: 2,374 questions about 1,187 images in ten categories of perception and four of cognition. A category has
    100 · accuracy + 100 · share of images with both answers right; ``total``, at most 2,800, is the figure that is
    published. The score is the mean of the categories, 0 to 1, which is total / 2,800 where all fourteen are there.
languages: english
tags: yes or no
paper: https://arxiv.org/abs/2306.13394
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from ..metrics.mme import mme, mme_parse
from ..rows import Target, question_row
from .prompts import SHORT_ANSWER
from .task import Columns, Source, Task


def _row(columns: Columns, number: int) -> dict[str, Any]:
    about = {"category": columns["category"], "image": columns["question_id"]}
    return question_row(
        f"{columns['question_id']}-{number}", columns["image"], columns["question"], [columns["answer"]], **about
    )


def _right(prediction: str, target: Target) -> float:
    return float(mme_parse(prediction) == target["references"][0].strip().lower())


def _points(right: Sequence[float]) -> float:
    """Half for the share of right answers, half for all of them right."""
    return (fmean(right) + all(right)) / 2


def _figures(predictions: Sequence[str], targets: Sequence[Target]) -> Mapping[str, float]:
    """Points; an image whose other question was not asked, at the end of a limited run, is left out."""
    asked = Counter((target["category"], target["image"]) for target in targets)
    items = [
        {"prediction": prediction, "answer": target["references"][0], **target}
        for prediction, target in zip(predictions, targets, strict=True)
        if asked[target["category"], target["image"]] == 2
    ]
    points = mme(items)
    return {"total": points.score, **points.output}


TASK = Task(
    name="mme",
    version=1,
    source=Source(
        dataset="lmms-lab/MME",
        split="test",
        columns=("question_id", "image", "question", "answer", "category"),
        row=_row,
    ),
    prompt=SHORT_ANSWER,
    max_tiles=6,
    max_new_tokens=20,
    metric="mme",
    sample_score=_right,
    figures=_figures,
    group="category",
    unit="image",
    join=_points,
    citation="https://arxiv.org/abs/2306.13394",
)
