"""Questions about charts.

name: chartqa
dataset: lmms-lab-encoder/ChartQA, test
abstract: 1,250 questions written by people and 1,250 made from summaries by a model. The score of a sample is relaxed
    accuracy, 5 % of the gold number; the task's is the mean of both kinds. ``internvl_convention`` takes the 5 % of
    the predicted number, as the scores that InternVL publishes do.
languages: english
tags: charts, question answering
paper: https://arxiv.org/abs/2203.10244
"""

from typing import Any

from ..metrics.relaxed_accuracy import relaxed_accuracy
from ..rows import question_row
from .prompts import SHORT_ANSWER
from .task import Columns, Source, Task, means


def _row(columns: Columns, number: int) -> dict[str, Any]:
    return question_row(
        str(number), columns["image"], columns["question"], [columns["answer"]], kind=str(columns["type"])
    )


TASK = Task(
    name="chartqa",
    version=1,
    source=Source(
        dataset="lmms-lab-encoder/ChartQA",
        revision="9e63b7df1592a1c2158e735cc1725454aef0d6d9",
        split="test",
        columns=("type", "question", "answer", "image"),
        row=_row,
    ),
    prompt=SHORT_ANSWER,
    max_tiles=12,
    max_new_tokens=100,
    metric="relaxed_accuracy",
    sample_score=lambda prediction, target: relaxed_accuracy(prediction, target["references"]),
    figures=means(
        internvl_convention=lambda prediction, target: relaxed_accuracy(prediction, target["references"], "internvl")
    ),
    group="kind",
    citation="https://arxiv.org/abs/2203.10244",
)
