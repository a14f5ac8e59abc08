"""One row of every dataset this project makes: an image, a conversation about it, and how it came to be."""

import json
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from .rendering import Glyph

GENERATOR_VERSION = 1
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
        user = [{"type": "image", "text": None}, {"type": "text", "text": self.question}]
        return [
            {"role": "user", "content": user},
            {"role": "assistant", "content": [{"type": "text", "text": self.answer}]},
        ]

    def row(self) -> dict[str, Any]:
        """The row of design: ``id, images, messages, source, task, meta`` (``meta`` as JSON text)."""
        meta = {"generator": GENERATOR_VERSION, **self.meta}
        return {
            "id": f"{self.task}-{self.meta['seed']}",
            "images": [self.image],
            "messages": self.messages,
            "source": f"{self.mix}/{self.task}",
            "task": self.task,
            "meta": json.dumps(meta, sort_keys=True),
        }
