"""Questions with gold answers that a model is to answer: the program-made ones, or those of a data set."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fcotvl_hf.eval_harness.metrics.multiple_choice import LETTERS

from ..curation.opening import Origin, image_bytes, open_rows
from .mix import TASKS, problem_at
from .verification import Gold, read_gold

_COLUMNS = ("image", "question", "answer")


@dataclass(frozen=True)
class AskedQuestion:
    """One question.

    Args:
        id: of its row.
        image: an image file's bytes.
        question: what is asked, options and all.
        gold: the right answer.
        source: where it comes from.
        task: the kind of question.
        meta: what else the row is to remember (JSON values only).
    """

    id: str
    image: bytes = field(repr=False)
    question: str
    gold: Gold
    source: str
    task: str
    meta: Mapping[str, Any] = field(default_factory=dict)


class Questions(Protocol):
    """A sequence of questions; it pickles, so that several processes can share it."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> AskedQuestion: ...


@dataclass(frozen=True)
class ProgramQuestions:
    """The program-made problems, the tasks in turn.

    Args:
        size: how many.
        seed: of all of them.
    """

    size: int
    seed: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> AskedQuestion:
        tasks = list(TASKS)
        task = tasks[index % len(tasks)]
        problem = problem_at(task, self.seed, index // len(tasks))
        buffer = io.BytesIO()
        problem.image.save(buffer, format="PNG")
        name = f"{task}-{problem.meta['seed']}"
        return AskedQuestion(
            name, buffer.getvalue(), problem.question.text, problem.question.gold, f"cot_mix/{task}", task, problem.meta
        )


@dataclass(frozen=True)
class DatasetQuestions:
    """The questions of a data set with the columns ``image``, ``question``, ``answer`` and maybe ``choices``.

    ``answer`` is a text or a list of right texts; of a question with ``choices``, a list of texts, it is a letter, the
    number of an option from 0, or an option's text.

    Args:
        origin: the data set.
    """

    origin: Origin

    def __len__(self) -> int:
        """How many questions there are.

        Raises:
            OSError: the data set cannot be loaded.
            ValueError: it lacks a column.
        """
        return len(open_rows(self.origin, _COLUMNS))

    def __getitem__(self, index: int) -> AskedQuestion:
        """One question.

        Raises:
            ValueError: its answer is empty or not among its options, or its picture is missing or cannot be decoded.
        """
        row = open_rows(self.origin, _COLUMNS)[index]
        choices = dict(zip(LETTERS, row.get("choices") or [], strict=False))
        answer = row["answer"]
        if choices and isinstance(answer, int):
            answer = LETTERS[answer]
        question = "\n".join([row["question"], *(f"{letter}. {text}" for letter, text in choices.items())])
        gold = read_gold(answer if isinstance(answer, list) else str(answer), choices)
        name = self.origin.name
        return AskedQuestion(f"{name}-{index}", image_bytes(row["image"]), question, gold, name, "question")
