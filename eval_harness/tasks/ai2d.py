"""Multiple choice about diagrams of school books.

name: ai2d
dataset: lmms-lab/ai2d, test
abstract: 3,088 questions; labels of the diagrams are masked where they are the options. An answer is right that is the
    option's letter and nothing else, InternVL's rule; ``vlmevalkit`` also finds the letter in a sentence. InternVL
    reads its prompts from a file made for VLMEvalKit, so this is VLMEvalKit's multiple-choice prompt.
languages: english
tags: diagrams, multiple choice
paper: https://arxiv.org/abs/1603.07396
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics.multiple_choice import LETTERS, mcq
from ..metrics.scored import Scored
from ..rows import Target, question_row
from .prompts import LETTER
from .task import Columns, SampleScore, Source, Task, means


def options(question: str, choices: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A question with its options, a line each, and letter → text of them."""
    lettered = dict(zip(LETTERS, choices, strict=False))
    return "\n".join([question, *(f"{letter}. {text}" for letter, text in lettered.items())]), lettered


def by_rule(rule: str) -> SampleScore:
    """The score of a letter by a rule of ``metrics.multiple_choice``."""

    def score(prediction: str, target: Target) -> float:
        choices: Mapping[str, str] = target["choices"]
        found = mcq(prediction, choices, target["references"][0], rule)
        return found.score if isinstance(found, Scored) else found

    return score


def _row(columns: Columns, number: int) -> dict[str, Any]:
    question, choices = options(columns["question"], columns["options"])
    return question_row(str(number), columns["image"], question, [LETTERS[int(columns["answer"])]], choices=choices)


TASK = Task(
    name="ai2d",
    version=1,
    source=Source(
        dataset="lmms-lab/ai2d",
        revision="c83a9b9692933aff8349157c88a413df9d02c4e5",
        split="test",
        columns=("question", "options", "answer", "image"),
        row=_row,
    ),
    prompt=LETTER,
    max_tiles=6,
    max_new_tokens=10,
    metric="accuracy",
    sample_score=by_rule("internvl_ai2d"),
    figures=means(vlmevalkit=by_rule("vlmevalkit")),
    citation="https://arxiv.org/abs/1603.07396",
)
