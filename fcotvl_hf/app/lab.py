"""What the app's buttons and endpoints do. Everything that comes in is checked here, all that goes out is made here."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import gradio as gr
from PIL import Image

from fcotvl_hf.io.images import load_image

from .comparing import Asked, Comparison, answer, compare
from .downloads import as_json
from .examples import Example
from .family import Family
from .limits import NEW_TOKENS
from .reading import before_reading, encode
from .uploads import check_new_tokens, check_question, check_threshold
from .zero_gpu import on_gpu

_COSTS = ("model", "label", "tiles", "visual_tokens", "text_tokens", "kv_bytes", "prefill_flops")


class Lab:
    """The models, and what visitors can ask of them.

    Args:
        family: loaded models.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self._special_tokens = family.reference.processor.tokenizer.all_special_tokens

        def comparing(asked: Asked) -> Iterator[Comparison]:
            yield from compare(family, asked)

        def answering(name: str, asked: Asked) -> Comparison:
            return answer(family, family.member(name), asked)

        self._compare, self._answer = on_gpu(comparing), on_gpu(answering)

    def compare(
        self, page: Image.Image | None, question: str, students: Sequence[str], threshold: float, new_tokens: float
    ) -> Iterator[Comparison]:
        """The comparison as it grows.

        Raises:
            gr.Error: the page or a setting is wrong; the message is for the visitor.
        """
        yield from self._compare(self._checked(page, question, students, threshold, new_tokens))

    def compare_for_machines(self, *request: Any) -> dict[str, Any]:
        """The finished comparison as JSON; takes what ``compare`` takes."""
        *_, last = self.compare(*request)
        return as_json(last)

    def answer_for_machines(
        self, page: Image.Image | None, question: str, model: str, threshold: float, new_tokens: float
    ) -> dict[str, Any]:
        """One model's answer as JSON; the reference is asked too if a student is less confident than the threshold."""
        return as_json(self._answer(model, self._checked(page, question, [], threshold, new_tokens)))

    def costs_for_machines(self, page: Image.Image | None, question: str) -> list[dict[str, Any]]:
        """Tiles, visual tokens, KV bytes and FLOPs of a page for each model, without running any."""
        asked = self._checked(page, question, [], 0, 1)
        members = self.family.members
        readings = [before_reading(member, encode(member, asked.page, asked.question)) for member in members]
        return [{name: getattr(reading, name) for name in _COSTS} for reading in readings]

    def first(self, example: Example) -> Comparison:
        """An example, compared with everybody."""
        students = [student.name for student in self.family.students]
        *_, last = self.compare(load_image(example.file), example.question, students, 0.0, NEW_TOKENS)
        return last

    def _checked(
        self, page: Image.Image | None, question: str, students: Sequence[str], threshold: float, new_tokens: float
    ) -> Asked:
        try:
            if page is None:
                raise ValueError("upload a page first, or choose an example")
            return Asked(
                page,
                check_question(question, self._special_tokens),
                [student.name for student in self.family.chosen(students)],
                check_threshold(threshold),
                check_new_tokens(new_tokens),
            )
        except ValueError as error:
            raise gr.Error(escape(str(error)), print_exception=False) from None
