"""Text recognition, questions about text, key information and handwritten formulas.

name: ocrbench
dataset: echo840/OCRBench, test
abstract: 1,000 questions of ten categories. An answer is right that contains a right text; ``total`` is the number of
    right ones, the figure that is published. InternVL2 was measured by VLMEvalKit, whose prompt, tiles and length these
    are.
languages: english
tags: ocr
paper: https://arxiv.org/abs/2305.07895
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics.ocrbench import ocrbench, ocrbench_total
from ..rows import Target, question_row
from .prompts import SHORT_ANSWER_LINE
from .task import Columns, Source, Task


def _row(columns: Columns, number: int) -> dict[str, Any]:
    answer = columns["answer"]
    answers = [answer] if isinstance(answer, str) else answer
    return question_row(str(number), columns["image"], columns["question"], answers, category=columns["question_type"])


def _figures(predictions: Sequence[str], targets: Sequence[Target]) -> Mapping[str, float]:
    items = [{"prediction": p, **target} for p, target in zip(predictions, targets, strict=True)]
    total = ocrbench_total(items)
    groups = {name: float(right) for name, right in total.output.items() if not name.startswith("Final")}
    return {"total": total.score, **groups}


TASK = Task(
    name="ocrbench",
    version=1,
    source=Source(
        dataset="echo840/OCRBench",
        revision="92a54bd1384387c178d5a07140a2d85e0a3d12e1",
        split="test",
        columns=("question", "question_type", "answer", "image"),
        row=_row,
    ),
    prompt=SHORT_ANSWER_LINE,
    max_tiles=24,
    max_new_tokens=4096,
    metric="ocrbench",
    sample_score=lambda prediction, target: ocrbench(prediction, target["references"], target["category"]),
    figures=_figures,
    citation="https://arxiv.org/abs/2305.07895",
)
