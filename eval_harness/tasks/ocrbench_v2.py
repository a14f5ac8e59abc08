"""Thirty kinds of tasks on text in images, in English and Chinese: reading, finding, parsing, calculating, reasoning.

name: ocrbench-v2-en, ocrbench-v2-cn
dataset: ling99/OCRBench_v2, test
abstract: 10,000 questions of both languages. A reply is scored by its task's scorer; the score is the plain mean of the
    categories' means, eight in English and five in Chinese. Prompt, tiles and length are those of VLMEvalKit's InternVL
    wrapper, which asks for a single word or phrase in every task. Translations without a reference are left out.
languages: english, chinese
tags: ocr, parsing
paper: https://arxiv.org/abs/2501.00321
"""

from typing import Any

from ..metrics.catalogue import find_metric
from ..metrics.ocrbench_v2.aggregate import CATEGORY_OF
from ..rows import Target, question_row
from .prompts import SHORT_ANSWER_LINE
from .task import Columns, Source, Task

_NO_EVAL = ("", "None")


def _row(columns: Columns, number: int) -> dict[str, Any]:
    way = columns["eval"]
    return question_row(
        str(columns["id"]),
        columns["image"],
        columns["question"],
        columns["answers"] or [],
        type=columns["type"],
        category=CATEGORY_OF.get(columns["type"], columns["type"]),
        question=columns["question"],
        eval=None if way in _NO_EVAL else way,
        bbox=columns["bbox_list"] or columns["bbox"] or None,
        content=columns["content"] or None,
    )


def _score(prediction: str, target: Target) -> float:
    columns = {key: value for key, value in target.items() if key != "category"}
    score: float = find_metric("ocrbench_v2")(prediction=prediction, **columns)
    return score


def _task(language: str) -> Task:
    def keep(columns: Columns) -> bool:
        untranslated = columns["type"] == "text translation cn" and not any(columns["answers"] or [])
        return str(columns["type"]).endswith(f" {language}") and not untranslated

    return Task(
        name=f"ocrbench-v2-{language}",
        version=1,
        source=Source(
            dataset="ling99/OCRBench_v2",
            split="test",
            columns=("id", "type", "question", "answers", "image", "eval", "bbox", "bbox_list", "content"),
            row=_row,
            keep=keep,
        ),
        prompt=SHORT_ANSWER_LINE,
        max_tiles=24,
        max_new_tokens=4096,
        metric="ocrbench_v2",
        sample_score=_score,
        group="category",
        citation="https://arxiv.org/abs/2501.00321",
    )


ENGLISH = _task("en")
CHINESE = _task("cn")
