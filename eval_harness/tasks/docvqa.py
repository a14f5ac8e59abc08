"""Questions about scanned documents.

name: docvqa
dataset: lmms-lab/DocVQA, DocVQA, validation
abstract: 5,349 questions about pages of industry documents. The answers of the test split are known to the challenge's
    server only, so this is the validation split. The score of a sample is ANLS.
languages: english
tags: documents, question answering
paper: https://arxiv.org/abs/2007.00398
"""

from typing import Any

from ..metrics.anls import anls
from ..rows import question_row
from .prompts import SHORT_ANSWER
from .task import Columns, Source, Task


def row(columns: Columns, number: int) -> dict[str, Any]:
    """A row of DocVQA or InfographicVQA."""
    return question_row(str(columns["questionId"]), columns["image"], columns["question"], columns["answers"])


TASK = Task(
    name="docvqa",
    version=1,
    source=Source(
        dataset="lmms-lab/DocVQA",
        config="DocVQA",
        split="validation",
        columns=("questionId", "question", "image", "answers"),
        row=row,
    ),
    prompt=SHORT_ANSWER,
    max_tiles=18,
    max_new_tokens=100,
    metric="anls",
    sample_score=lambda prediction, target: anls(prediction, target["references"]),
    citation="https://arxiv.org/abs/2007.00398",
)
