"""One row of every dataset this project makes: an image, a conversation about it, and how it came to be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from .rendering import Glyph

GENERATOR_VERSION = 2
"""Raised whenever the same seed would draw another page or ask another question."""


@dataclass(frozen=True)
class Sample:
    """A page with one question and its exact answer.

    Args:
        task: the configuration it belongs to, e.g. ``"recognition"``.
        image: the page, RGB, any size.
        question: what the user asks.
        answer: what a perfect model says.
        meta: seed, font, size, degradations … (JSON values only).
        glyphs: the centre of each drawn character in pixels of ``image``.
        mix: the data set it belongs to.
    """

    task: str
    image: Image.Image
    question: str
    answer: str
    meta: dict[str, Any]
    glyphs: list[Glyph] = field(default_factory=list, repr=False)
    mix: str = "ocr_mix"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation in the form that TRL's vision trainers and chat templates take."""
        return conversation(self.question, self.answer)

    def row(self) -> dict[str, Any]:
        """The row of design: ``id, images, messages, source, task, meta`` (``meta`` as JSON text)."""
        name, source = f"{self.task}-{self.meta['seed']}", f"{self.mix}/{self.task}"
        return conversation_row(name, self.image, self.question, self.answer, source, self.task, self.meta)


def conversation(question: str, answer: str) -> list[dict[str, Any]]:
    """The messages of one question about one image, and its answer."""
    user = [{"type": "image", "text": None}, {"type": "text", "text": question}]
    return [{"role": "user", "content": user}, {"role": "assistant", "content": [{"type": "text", "text": answer}]}]


def conversation_row(
    name: str,
    image: Image.Image | bytes,
    question: str,
    answer: str,
    source: str,
    task: str,
    meta: Mapping[str, Any],
) -> dict[str, Any]:
    """A row of one question about one image.

    Args:
        name: its id.
        image: an open picture, or an image file's bytes.
        question: what the user asks.
        answer: what the assistant says.
        source: where the row comes from.
        task: the kind of question.
        meta: how it came to be (JSON values only).
    """
    return {
        "id": name,
        "images": [image],
        "messages": conversation(question, answer),
        "source": source,
        "task": task,
        "meta": json.dumps({"generator": GENERATOR_VERSION, **meta}, sort_keys=True),
    }
