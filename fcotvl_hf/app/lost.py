"""What a student lost: where on the page lies what the teacher knew of its answer and the student does not.

At each token of the teacher's answer both models are asked for the next token; the divergence KL(p_T ‖ p_S) of the two
is what distillation minimises (the paper's section 3.2). Each token's divergence is laid on the page through the
teacher's attention: bright is where the teacher looked when it said what the student would not have said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from transformers import BatchFeature, DynamicCache

from fcotvl_hf.eval_harness.attention import answer_attention
from fcotvl_hf.eval_harness.attention_pictures import page_heats
from fcotvl_hf.training.losses import forward_kl

from .family import Member
from .reading import Reading, encode

_CHUNK = 64
"""Positions whose logits are in memory at one time."""


@dataclass(frozen=True)
class Loss:
    """What one student lost of the teacher's answer.

    Args:
        divergences: of each token of that answer, in nats.
        heat: where that lies, ``[rows][columns]`` evenly over the page, the largest value 1; ``None`` if the teacher's
            visual tokens have no place on the page.
    """

    divergences: Sequence[float]
    heat: Sequence[Sequence[float]] | None

    @property
    def mean(self) -> float:
        """Mean divergence of a token in nats."""
        return sum(self.divergences) / len(self.divergences)


def what_was_lost(teacher: Member, student: Member, page: Image.Image, question: str, said: Reading) -> Loss:
    """Compare two models along the teacher's answer.

    Args:
        teacher: whose answer it is.
        student: another member of its family.
        page: RGB.
        question: what was asked.
        said: the teacher's finished reading.
    """
    shown = encode(teacher, page, question)
    answer = torch.tensor(said.ids, device=teacher.model.device)
    with torch.inference_mode():
        teachers = _log_probs(teacher, shown, answer)
        students = _log_probs(student, encode(student, page, question), answer)
        chunks = [forward_kl(*pair) for pair in zip(teachers, students, strict=True)]
        lost = torch.cat(chunks).clamp_min(0)  # [answer]; rounding may go below 0
    return Loss(lost.tolist(), _heat(teacher, shown, page, answer, lost) if lost.any() else None)


def _log_probs(member: Member, inputs: BatchFeature, answer: torch.Tensor) -> Iterator[torch.Tensor]:
    """Log-probabilities ``[chunk, vocabulary]`` at the positions where the answer's tokens were chosen.

    The prompt is cached first, because an answer may hold the token that stands for images, and brings none.
    """
    core, prompt = member.model.model, inputs["input_ids"]
    cache = DynamicCache(config=member.model.config.text_config)
    # the cache is given by position: transformers 5.24 changed its name
    core(prompt[:, :-1], inputs["pixel_values"], None, None, cache, use_cache=True)
    asked = torch.cat([prompt[0, -1:], answer[:-1]])  # [answer]
    chosen_at = core.language_model(asked[None], None, None, cache, use_cache=True).last_hidden_state[0]
    for hidden in chosen_at.split(_CHUNK):
        yield member.model.lm_head(hidden).float().log_softmax(-1)


def _heat(
    teacher: Member, inputs: BatchFeature, page: Image.Image, answer: torch.Tensor, lost: torch.Tensor
) -> list[list[float]] | None:
    if teacher.window is None:
        return None
    shares = answer_attention(teacher.model, inputs, answer, lost)  # [visual tokens]
    (heat,) = page_heats(shares, teacher.processor, [page], teacher.window)
    hottest: list[list[float]] = (heat / heat.max()).tolist()
    return hottest
