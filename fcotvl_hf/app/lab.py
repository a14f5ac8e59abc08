"""What the app's buttons and endpoints do. Everything that comes in is checked here, and what is wrong is told."""

from collections import deque
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import gradio as gr

from .checks import check_names, check_new_tokens, check_question, check_threshold, read_upload
from .comparing import Asked, Comparison, answer, compare
from .downloads import as_json
from .examples import Example
from .family import Family
from .limits import NEW_TOKENS
from .reading import before_reading, encode, read
from .zero_gpu import on_gpu

Upload = Mapping[str, Any] | None
"""Gradio's note on an uploaded file."""

_COSTS = (
    "model",
    "label",
    "tiles",
    "visual_tokens",
    "text_tokens",
    "kv_bytes",
    "vision_flops",
    "connector_flops",
    "language_flops",
)
"""Fields of a reading that are known before anything is run."""


class Lab:
    """The models, and what visitors can ask of them. What is wrong is raised as ``gr.Error``, worded for visitors.

    Args:
        family: loaded models.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self._special_tokens = family.reference.processor.tokenizer.all_special_tokens

        def comparing(asked: Asked) -> Iterator[dict[str, Any]]:
            for state in compare(family, asked):  # without the page, which would be pickled each time
                yield {name: getattr(state, name) for name in ("models", "readings", "losses", "finished")}

        def answering(name: str, asked: Asked) -> Comparison:
            return answer(family, family.member(name), asked)

        self._compare, self._answer = on_gpu(comparing), on_gpu(answering)

    def compare(
        self, page: Upload, question: object, students: object, threshold: object, new_tokens: object
    ) -> Iterator[Comparison]:
        """The comparison as it grows.

        Args:
            page: uploaded picture.
            question: what to ask.
            students: names of those that are compared with the reference.
            threshold: confidence below which a student is replaced by the reference, 0 to 1.
            new_tokens: where an answer is cut.
        """
        asked = self._checked(page, question, students, threshold, new_tokens)
        for found in self._compare(asked):
            yield Comparison(asked, **found)

    def compare_for_machines(
        self, page: Upload, question: object, students: object, threshold: object, new_tokens: object
    ) -> dict[str, Any]:
        """The finished comparison as JSON; takes what ``compare`` takes."""
        *_, last = self.compare(page, question, students, threshold, new_tokens)
        return as_json(last)

    def answer_for_machines(
        self, page: Upload, question: object, model: object, threshold: object, new_tokens: object
    ) -> dict[str, Any]:
        """One model's answer as JSON; the reference is asked too if a student is less confident than the threshold."""
        name, asked = self._known(model), self._checked(page, question, [], threshold, new_tokens)
        return as_json(self._answer(name, asked))

    def costs_for_machines(self, page: Upload, question: object) -> list[dict[str, Any]]:
        """Tiles, visual tokens, KV bytes and FLOPs of a page for each model, without running any."""
        asked = self._checked(page, question, [], 0, 1)
        members = self.family.members
        readings = [before_reading(member, encode(member, asked.page, asked.question)) for member in members]
        return [{name: getattr(reading, name) for name in _COSTS} for reading in readings]

    def first(self, example: Example) -> Comparison:
        """An example, compared with everybody, after a try that warms them up."""
        upload, students = {"path": str(example.file)}, [student.name for student in self.family.students]
        for member in self.family.members:
            deque(read(member, read_upload(upload), example.question, 2), maxlen=0)
        *_, last = self.compare(upload, example.question, students, 0, NEW_TOKENS)
        return last

    def _known(self, model: object) -> str:
        try:
            (name,) = check_names([model], [member.name for member in self.family.members])
        except ValueError as error:
            raise _told(error) from None
        return name

    def _checked(
        self, page: Upload, question: object, students: object, threshold: object, new_tokens: object
    ) -> Asked:
        try:
            return Asked(
                read_upload(page),
                check_question(question, self._special_tokens),
                check_names(students, [student.name for student in self.family.students]),
                check_threshold(threshold),
                check_new_tokens(new_tokens),
            )
        except ValueError as error:
            raise _told(error) from None


def _told(error: ValueError) -> gr.Error:
    """An error as the browser shows it, which would take its text for HTML."""
    return gr.Error(escape(str(error)), print_exception=False)
