"""``model.chat(processor, images, question)``: one call from pages and a question to the answer, as InternVL2 has it.

For people who come from ``chat(tokenizer, pixel_values, question, generation_config)``: the processor stands where the
tokenizer did, pictures where ``pixel_values`` did, and what was in the dictionary ``generation_config`` is given by
keyword. Questions that place their images with ``<image>`` mean what they meant.
"""

from collections.abc import Sequence
from types import UnionType
from typing import Any, Literal, TypeAlias, overload

import torch
from PIL import Image
from transformers import GenerationConfig, GenerationMixin, ProcessorMixin

from .processing_fcotvl import FCoTVLProcessor

Turn: TypeAlias = tuple[str, str]
"""A question and the answer that was given."""

_PLACEHOLDER = "<image>"
_USAGE = (
    "call model.chat(processor, images, question, max_new_tokens=256) with AutoProcessor's processor and PIL images, "
    "and settings of generate by keyword"
)


class ChatMixin(GenerationMixin):
    """Gives a model that generates from images and text the method ``chat``."""

    device: torch.device
    dtype: torch.dtype

    @overload
    def chat(
        self,
        processor: FCoTVLProcessor,
        images: Image.Image | Sequence[Image.Image] | None,
        question: str,
        generation_config: GenerationConfig | None = None,
        *,
        history: Sequence[Turn] | None = None,
        return_history: Literal[False] = False,
        **generation_kwargs: Any,
    ) -> str: ...

    @overload
    def chat(
        self,
        processor: FCoTVLProcessor,
        images: Image.Image | Sequence[Image.Image] | None,
        question: str,
        generation_config: GenerationConfig | None = None,
        *,
        history: Sequence[Turn] | None = None,
        return_history: Literal[True],
        **generation_kwargs: Any,
    ) -> tuple[str, list[Turn]]: ...

    def chat(
        self,
        processor: FCoTVLProcessor,
        images: Image.Image | Sequence[Image.Image] | None,
        question: str,
        generation_config: GenerationConfig | None = None,
        *,
        history: Sequence[Turn] | None = None,
        return_history: bool = False,
        **generation_kwargs: Any,
    ) -> str | tuple[str, list[Turn]]:
        """Answer a question about images, or go on with a conversation about them.

        Args:
            processor: the model's processor; its chat template writes the prompt.
            images: all images of the conversation, in each of its calls; ``None`` for text only. They are shown before
                the first question, in the template's way, unless the questions place each of them with ``<image>``.
            question: what to ask now.
            generation_config: passed on to ``generate``.
            history: the (question, answer) pairs so far, as ``return_history`` gives them.
            return_history: give the conversation back with the answer.
            **generation_kwargs: passed on to ``generate``: ``max_new_tokens=256``, ``do_sample=True``, ``streamer=…``

        Returns:
            The answer without special tokens; with ``return_history`` also the history, this turn at its end.

        Raises:
            TypeError: an argument is what InternVL2's ``chat`` took: a tokenizer, ``pixel_values``, a dictionary.
            ValueError: the questions hold ``<image>``, but not once per image.
        """
        shown = [] if images is None else [images] if isinstance(images, Image.Image) else list(images)
        _check_type("the processor", processor, ProcessorMixin)
        for image in shown:
            _check_type("an image", image, Image.Image)
        _check_type("generation_config", generation_config, GenerationConfig | None)
        turns = list(history or [])
        messages = _conversation(turns, question, len(shown), processor.image_token)
        prompt = processor.apply_chat_template(messages, add_generation_prompt=True)
        inputs = processor(text=prompt, images=shown or None, return_tensors="pt").to(self.device, self.dtype)
        made = self.generate(**inputs, generation_config=generation_config, **generation_kwargs)
        sequences = made if isinstance(made, torch.Tensor) else made.sequences  # [1, prompt + answer]
        answer = processor.tokenizer.decode(sequences[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return (answer, [*turns, (question, answer)]) if return_history else answer


def _check_type(what: str, given: object, wanted: type | UnionType) -> None:
    if not isinstance(given, wanted):
        raise TypeError(f"chat was given a {type(given).__name__} as {what}; {_USAGE}")


def _conversation(turns: Sequence[Turn], question: str, images: int, image_token: str) -> list[dict[str, Any]]:
    """The messages of a chat template, up to the question that is to be answered."""
    questions = [*(asked for asked, _ in turns), question]
    placed = sum(asked.count(_PLACEHOLDER) for asked in questions)
    if placed not in (0, images):
        raise ValueError(
            f"the questions place {placed} images with {_PLACEHOLDER}, {images} were given; write it once per image "
            "over the whole conversation, or not at all"
        )
    messages: list[dict[str, Any]] = []
    for index, asked in enumerate(questions):
        leading = images if index == 0 and placed == 0 else 0
        text = {"type": "text", "text": asked.replace(_PLACEHOLDER, image_token)}
        messages.append({"role": "user", "content": [*({"type": "image"} for _ in range(leading)), text]})
        if index < len(turns):
            messages.append({"role": "assistant", "content": [{"type": "text", "text": turns[index][1]}]})
    return messages
