"""Questions about text in photographs.

name: textvqa
dataset: lmms-lab/textvqa, validation
abstract: 5,000 questions with ten people's answers each, without OCR tokens in the prompt. The score of a sample is VQA
    accuracy.
languages: english
tags: scene text, question answering
paper: https://arxiv.org/abs/1904.08920
"""

from typing import Any

from ..metrics.vqa_accuracy import vqa_accuracy
from ..rows import question_row
from .prompts import SHORT_ANSWER
from .task import Columns, Source, Task


def _row(columns: Columns, number: int) -> dict[str, Any]:
    return question_row(str(columns["question_id"]), columns["image"], columns["question"], columns["answers"])


TASK = Task(
    name="textvqa",
    version=1,
    source=Source(
        dataset="lmms-lab/textvqa",
        split="validation",
        columns=("question_id", "question", "image", "answers"),
        row=_row,
    ),
    prompt=SHORT_ANSWER,
    max_tiles=6,
    max_new_tokens=10,
    metric="vqa_accuracy",
    sample_score=lambda prediction, target: vqa_accuracy(prediction, target["references"]),
    citation="https://arxiv.org/abs/1904.08920",
)
