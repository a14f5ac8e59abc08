"""One reply to a question of OCRBench v2: the question's task says how it is scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .boxes import grounding, vqa_with_position
from .charts import chart
from .counting import count_contained, count_near
from .documents import document
from .formula import formula, formula_chinese, ticked_options
from .key_values import key_value_f1, parse_reference
from .pages import page
from .spotting import spotting
from .tables import html_table, table
from .vqa import option, vqa, vqa_case_sensitive, vqa_chinese

_WRITTEN_ANSWER = "简答"


@dataclass(frozen=True)
class Reply:
    """A prediction and the columns of the dataset that it is scored by.

    Args:
        prediction: what the model wrote.
        references: the column ``answers``.
        question: what was asked; tables and handwritten answers need it.
        eval: how some questions are scored: ``multiple choice``, ``case sensitive``, ``exact match``, ``regression``.
        bbox: boxes of text spotting, or the box of a question with position.
        content: texts of text spotting.
    """

    prediction: str
    references: Any
    question: str = ""
    eval: str | None = None
    bbox: Any = None
    content: Any = None

    @property
    def listed(self) -> Sequence[Any]:
        """The references.

        Raises:
            ValueError: they are no list.
        """
        if not isinstance(self.references, list):
            raise ValueError("the references of this task must be a list")
        return self.references

    @property
    def first(self) -> Any:
        """The first reference; most tasks have no further ones.

        Raises:
            ValueError: there is none.
        """
        if not self.listed:
            raise ValueError("this task needs a reference")
        return self.listed[0]

    @property
    def boxes(self) -> Any:
        """The column ``bbox``.

        Raises:
            ValueError: it is missing.
        """
        if self.bbox is None:
            raise ValueError("this task needs 'bbox'")
        return self.bbox


def ocrbench_v2(type: str, prediction: str, references: Any, **columns: Any) -> float:
    """Score a reply.

    Args:
        type: the task's name, as in the dataset; a key of ``TASKS``.
        prediction: what the model wrote.
        references: the dataset's ``answers``.
        **columns: further columns, see ``Reply``.

    Returns:
        0 to 1.

    Raises:
        ValueError: there is no such task, or its columns do not fit.
    """
    if type not in TASKS:
        raise ValueError(f"OCRBench v2 has no task {type!r}; it has {', '.join(TASKS)}")
    return TASKS[type](Reply(prediction, references, **columns))


def is_left_out(type: str, prediction: str, references: Any) -> bool:
    """Whether the overall scores are without a reply: one to a translation that has no reference.

    Args:
        type: see ``ocrbench_v2``.
        prediction: see ``ocrbench_v2``; an empty one always counts.
        references: see ``ocrbench_v2``.
    """
    return type == "text translation cn" and bool(prediction) and not references[0]


def _question(free: Callable[[str, Any], float]) -> Callable[[Reply], float]:
    """A scorer of questions, ``free`` for those with neither options nor case."""

    def score(reply: Reply) -> float:
        scorers = {None: free, "multiple choice": option, "case sensitive": vqa_case_sensitive}
        return _chosen(reply, scorers)(reply.prediction, reply.references)

    return score


def _counting(reply: Reply) -> float:
    scorers: dict[str | None, Callable[..., float]] = {"exact match": count_contained, "regression": count_near}
    return _chosen(reply, scorers)(reply.prediction, reply.listed)


def _chosen(reply: Reply, scorers: Mapping[str | None, Callable[..., float]]) -> Callable[..., float]:
    if reply.eval not in scorers:
        raise ValueError(f"'eval' is {reply.eval!r}; it may be {', '.join(map(repr, scorers))}")
    return scorers[reply.eval]


def _text(reply: Reply) -> float:
    return page(reply.prediction, reply.first)


def _handwritten(reply: Reply) -> float:
    return _text(reply) if _WRITTEN_ANSWER in reply.question else ticked_options(reply.prediction, reply.listed)


def _key_values(reply: Reply) -> float:
    return key_value_f1(reply.prediction, reply.first)


TASKS: dict[str, Callable[[Reply], float]] = {
    **dict.fromkeys(
        (
            "APP agent en",
            "ASCII art classification en",
            "cognition VQA en",
            "diagram QA en",
            "document classification en",
            "math QA en",
            "reasoning VQA en",
            "science QA en",
            "text recognition en",
        ),
        _question(vqa),
    ),
    **dict.fromkeys(("cognition VQA cn", "reasoning VQA cn"), _question(vqa_chinese)),
    **dict.fromkeys(
        ("fine-grained text recognition en", "full-page OCR cn", "full-page OCR en", "text translation cn"), _text
    ),
    **dict.fromkeys(("key information extraction en", "key information mapping en"), _key_values),
    **dict.fromkeys(
        ("document parsing cn", "document parsing en"), lambda reply: document(reply.prediction, reply.first)
    ),
    "chart parsing en": lambda reply: chart(reply.prediction, reply.first),
    "formula recognition cn": lambda reply: formula_chinese(reply.prediction, reply.listed),
    "formula recognition en": lambda reply: formula(reply.prediction, reply.listed),
    "handwritten answer extraction cn": _handwritten,
    "key information extraction cn": lambda reply: key_value_f1(reply.prediction, parse_reference(reply.first)),
    "table parsing cn": lambda reply: html_table(reply.prediction, reply.first),
    "table parsing en": lambda reply: table(reply.prediction, reply.first, reply.question),
    "text counting en": _counting,
    "text grounding en": lambda reply: grounding(reply.prediction, reply.listed),
    "text spotting en": lambda reply: spotting(reply.prediction, reply.boxes, reply.content),
    "VQA with position en": lambda reply: vqa_with_position(reply.prediction, reply.references, reply.boxes),
}
"""Name of a task → its scorer."""
