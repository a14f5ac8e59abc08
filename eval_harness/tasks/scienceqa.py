"""Multiple choice of school science, the questions with an image.

name: scienceqa
dataset: lmms-lab/ScienceQA, ScienceQA-IMG, test
abstract: 2,017 questions, some with a hint. The option is read by InternVL's rule: the first character, else an
    option's text. (InternVL guesses where neither is found; here that is wrong.)
languages: english
tags: science, multiple choice
paper: https://arxiv.org/abs/2209.09513
"""

from typing import Any

from ..metrics.multiple_choice import LETTERS
from ..rows import question_row
from .ai2d import by_rule, options
from .prompts import LETTER
from .task import Columns, Source, Task


def _row(columns: Columns, number: int) -> dict[str, Any]:
    hinted = "\n".join(part for part in (columns["hint"], columns["question"]) if part)
    question, choices = options(hinted, columns["choices"])
    return question_row(str(number), columns["image"], question, [LETTERS[columns["answer"]]], choices=choices)


TASK = Task(
    name="scienceqa",
    version=1,
    source=Source(
        dataset="lmms-lab/ScienceQA",
        config="ScienceQA-IMG",
        split="test",
        columns=("image", "question", "choices", "answer", "hint"),
        row=_row,
    ),
    prompt=LETTER,
    max_tiles=6,
    max_new_tokens=100,
    metric="accuracy",
    sample_score=by_rule("internvl_scienceqa"),
    citation="https://arxiv.org/abs/2209.09513",
)
