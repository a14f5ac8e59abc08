"""Where the teacher's distributions come from: from the student's own towers, from a separate model, or from a store.

All answer the same call, so the trainer does not care.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration

from .alignment import TextInputs, response_rows, teacher_inputs
from .chunked_loss import TeacherOutcomes
from .losses import Outcomes, teacher_outcomes

Inputs = Mapping[str, Any]
"""A batch: ``input_ids``, ``labels`` and ``attention_mask``, in packs ``position_ids``, each ``[batch, length]``;
``pixel_values`` unless all is text."""


class Answer(NamedTuple):
    """What a teacher says about a batch.

    Args:
        targets: the tokens that its rows predict, ``[N]``, to be compared with the student's.
        outcomes: its distributions over them.
    """

    targets: torch.Tensor
    outcomes: TeacherOutcomes

    def top_k(self, chunk: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids ``[N, k]`` and log-probabilities ``[N, k + 1]`` of all rows, made ``chunk`` rows at a time."""
        pieces = [self.outcomes(slice(start, start + chunk)) for start in range(0, max(1, len(self.targets)), chunk)]
        token_ids = [piece.token_ids for piece in pieces if piece.token_ids is not None]
        return torch.cat(token_ids), torch.cat([piece.log_probs for piece in pieces])


class Teacher(Protocol):
    """Whatever gives the teacher's distributions."""

    def __call__(
        self, student: FCoTVLForConditionalGeneration, inputs: Inputs, features: torch.Tensor | None
    ) -> Answer:
        """Read a batch, without gradients.

        Args:
            student: the model that learns.
            inputs: the batch as the student reads it.
            features: what the student's ViT made of it, ``[tiles, N, 4 × vision width]``; ``None`` without images.
        """


@dataclass(frozen=True)
class SharedTeacher:
    """The teacher inside the student: its ViT and its language model, with the teacher's projector between them.

    Args:
        projector: the teacher's projector, frozen.
        temperature: of the distributions.
        top_k: see ``losses.teacher_outcomes``.
    """

    projector: nn.Module
    temperature: float
    top_k: int | None

    @torch.no_grad()
    def __call__(
        self, student: FCoTVLForConditionalGeneration, inputs: Inputs, features: torch.Tensor | None
    ) -> Answer:
        images = None if features is None else self.projector(features)  # [tiles, N, width]
        text = teacher_inputs(text_of(inputs), student.config.image_token_id, student.config.compressor_stride)
        return _answer(student, text, images, self.temperature, self.top_k)


@dataclass(frozen=True)
class SeparateTeacher:
    """A whole model of its own, for students whose language model or ViT is no longer the teacher's.

    Args:
        model: the teacher, frozen, on the student's device.
        temperature: of the distributions.
        top_k: see ``losses.teacher_outcomes``.
    """

    model: FCoTVLForConditionalGeneration
    temperature: float
    top_k: int | None

    @torch.no_grad()
    def __call__(
        self, student: FCoTVLForConditionalGeneration, inputs: Inputs, features: torch.Tensor | None
    ) -> Answer:
        images = None
        if "pixel_values" in inputs:
            images = self.model.model.get_image_features(inputs["pixel_values"]).pooler_output  # [tiles, N, width]
        ratio = visual_ratio(self.model.config, student.config)
        text = teacher_inputs(text_of(inputs), student.config.image_token_id, ratio)
        return _answer(self.model, text, images, self.temperature, self.top_k)


class StoredTeacher:
    """No model at all: the collator has put the stored distributions into the batch, see ``stored_rows``."""

    def __call__(
        self, student: FCoTVLForConditionalGeneration, inputs: Inputs, features: torch.Tensor | None
    ) -> Answer:
        log_probs, token_ids = inputs["teacher_log_probs"], inputs["teacher_token_ids"]  # [N, k + 1], [N, k]
        return Answer(inputs["teacher_targets"], lambda rows: Outcomes(log_probs[rows], token_ids[rows]))


def visual_ratio(teacher: FCoTVLConfig, student: FCoTVLConfig) -> int:
    """How many visual tokens the teacher has for one of the student's.

    Raises:
        ValueError: the two cannot be compared: other tiles, another vocabulary, or not a whole number of tokens.
    """
    ratio, rest = divmod(teacher.image_seq_length, student.image_seq_length)
    pairs = {
        "image_token_id": (teacher.image_token_id, student.image_token_id),
        "vocab_size": (teacher.text_config.vocab_size, student.text_config.vocab_size),
        "image_size": (tuple(teacher.vision_config.image_size), tuple(student.vision_config.image_size)),
    }
    for name, (of_teacher, of_student) in pairs.items():
        if of_teacher != of_student:
            raise ValueError(f"the teacher has {name} {of_teacher}, the student {of_student}; they must be the same")
    if rest or not ratio:
        raise ValueError(
            f"the teacher's {teacher.image_seq_length} visual tokens per tile are no multiple of the student's "
            f"{student.image_seq_length}"
        )
    return ratio


def text_of(inputs: Inputs) -> TextInputs:
    """The text of a batch, as the student reads it."""
    return TextInputs(inputs["input_ids"], inputs["labels"], inputs.get("attention_mask"), inputs.get("position_ids"))


def read(core: nn.Module, text: TextInputs, images: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Let a language model read text and visual tokens.

    Args:
        core: an ``FCoTVLModel``.
        text: with as many placeholders as there are visual tokens.
        images: visual tokens, ``[tiles, N, width]``; ``None`` without images.

    Returns:
        The hidden states that predict response tokens ``[N, width]``, and those tokens ``[N]``.
    """
    encoded = None if images is None else {"image": BaseModelOutputWithPooling(pooler_output=images)}
    hidden = core(
        input_ids=text.input_ids,
        attention_mask=text.attention_mask,
        position_ids=text.position_ids,
        mm_encoder_outputs=encoded,
        use_cache=False,
    ).last_hidden_state  # [batch, length, width]
    return response_rows(hidden, text.labels)


def _answer(
    model: FCoTVLForConditionalGeneration,
    text: TextInputs,
    images: torch.Tensor | None,
    temperature: float,
    top_k: int | None,
) -> Answer:
    hidden, targets = read(model.model, text, images)  # [N, width]

    @torch.no_grad()
    def outcomes(rows: slice) -> Outcomes:
        return teacher_outcomes(model.lm_head(hidden[rows]).float() / temperature, top_k)

    return Answer(targets, outcomes)
