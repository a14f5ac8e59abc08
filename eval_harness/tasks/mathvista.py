"""Mathematics in figures, charts and photographs.

name: mathvista
dataset: AI4Math/MathVista, testmini
abstract: 1,000 questions, multiple choice and free. The answer is found by InternVL's rules without a judge model, so
    that replies in whole sentences score too low, the teacher's and the student's alike.
languages: english
tags: mathematics, question answering
paper: https://arxiv.org/abs/2310.02255
"""

from typing import Any

from ..metrics.mathvista import mathvista
from ..rows import Target, question_row
from .task import Columns, Source, Task

_KEPT = ("question_type", "answer_type", "choices", "precision")


def _row(columns: Columns, number: int) -> dict[str, Any]:
    kept = {key: columns[key] for key in _KEPT}
    return question_row(columns["pid"], columns["decoded_image"], columns["query"], [columns["answer"]], **kept)


def _score(prediction: str, target: Target) -> float:
    return mathvista(prediction, target["references"][0], **{key: target[key] for key in _KEPT}).score


TASK = Task(
    name="mathvista",
    version=1,
    source=Source(
        dataset="AI4Math/MathVista",
        split="testmini",
        columns=("pid", "query", "decoded_image", "answer", *_KEPT),
        row=_row,
    ),
    max_tiles=6,
    max_new_tokens=4096,
    metric="accuracy",
    sample_score=_score,
    citation="https://arxiv.org/abs/2310.02255",
)
