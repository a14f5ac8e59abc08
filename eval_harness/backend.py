"""What answers the questions of a task: a loaded model of transformers, or vLLM's engine (``vllm_backend``)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor

from .confidence import Piece, TokenScores, pieces
from .fingerprint import model_fingerprint

Conversation = Sequence[Mapping[str, Any]]
"""Messages up to the question, see ``rows.conversation``."""


@dataclass(frozen=True)
class Answer:
    """What was said to one conversation.

    Args:
        text: without special tokens.
        visual_tokens: what its images took in the language model.
        confidence: how sure the model was of each piece of the text, where it was told to say.
    """

    text: str
    visual_tokens: int
    confidence: Sequence[Piece] | None = None


class Backend(ABC):
    """Answers conversations about images, greedily."""

    name: str
    """What ``results.json`` calls it."""

    config: FCoTVLConfig
    """The model's."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of the model and of what else its answers depend on, without a dash."""

    @property
    @abstractmethod
    def device(self) -> str:
        """Where it computes."""

    @property
    @abstractmethod
    def dtype(self) -> str:
        """In which type, such as ``float32``."""

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that only this backend uses."""
        return {}

    @abstractmethod
    def answer(
        self,
        processor: FCoTVLProcessor,
        conversations: Sequence[Conversation],
        images: Sequence[Sequence[Image.Image]],
        max_new_tokens: int,
    ) -> list[Answer]:
        """Answer some conversations together.

        Args:
            processor: the model's, perhaps with another limit of tiles.
            conversations: one per answer.
            images: RGB pages of each conversation, in the order of their placeholders.
            max_new_tokens: where an answer is cut.
        """


class TransformersBackend(Backend):
    """A loaded model, used as it is, in its dtype and on its device.

    Args:
        model: generates text; may be reduced by a baseline.
        confidence: tell how sure the model was of each piece of its answers.
    """

    name = "transformers"

    def __init__(self, model: FCoTVLForConditionalGeneration, confidence: bool = False) -> None:
        self.model, self.config, self.confidence = model, model.config, confidence

    @property
    def fingerprint(self) -> str:
        return model_fingerprint(self.model)

    @property
    def device(self) -> str:
        return str(self.model.device)

    @property
    def dtype(self) -> str:
        return str(self.model.dtype).removeprefix("torch.")

    def answer(
        self,
        processor: FCoTVLProcessor,
        conversations: Sequence[Conversation],
        images: Sequence[Sequence[Image.Image]],
        max_new_tokens: int,
        **settings: Any,
    ) -> list[Answer]:
        """Answer some conversations together, see ``Backend``.

        Args:
            processor: the model's, perhaps with another limit of tiles.
            conversations: one per answer.
            images: RGB pages of each conversation.
            max_new_tokens: where an answer is cut.
            **settings: of ``generate``, instead of greedy decoding.
        """
        texts = [processor.apply_chat_template(talk, add_generation_prompt=True) for talk in conversations]
        pages = [page for shown in images for page in shown]
        inputs = processor(text=texts, images=pages or None, padding=True, padding_side="left", return_tensors="pt")
        inputs = inputs.to(self.model.device)
        scores = TokenScores()
        how = {"do_sample": False, "num_beams": 1, "logits_processor": [scores] if self.confidence else [], **settings}
        with torch.inference_mode():
            output = self.model.generate(**inputs, max_new_tokens=max_new_tokens, **how)
        said = output[:, inputs["input_ids"].shape[1] :]  # [conversations, new tokens]
        predictions = processor.batch_decode(said, skip_special_tokens=True)
        tokens = (inputs["input_ids"] == processor.image_token_id).sum(dim=1).tolist()
        sure: Sequence[Sequence[Piece] | None] = [None] * len(predictions)
        if self.confidence:
            told = zip(said.tolist(), scores.of(said).tolist(), strict=True)
            sure = [pieces(processor.tokenizer, *each) for each in told]
        return [Answer(*each) for each in zip(predictions, tokens, sure, strict=True)]
