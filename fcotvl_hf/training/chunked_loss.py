"""The distillation loss over the rows of a response, a chunk at a time: more than a chunk of logits never exists.

Each chunk's gradient is computed right after its loss, while its logits are there (as Liger Kernel does it,
https://arxiv.org/abs/2410.10989, section 3.2). The backward pass finds it ready: the head runs once per row and model,
where checkpointing would run it twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .losses import DivergenceName, Outcomes, divergence, student_log_probs

TeacherOutcomes = Callable[[slice], Outcomes]
"""From a slice of the rows to the teacher's distributions there, at the temperature of the loss."""


@dataclass(frozen=True)
class Objective:
    """What is minimised: ``ce_weight · CE + kl_weight · temperature² · divergence``.

    Args:
        ce_weight: weight of the cross-entropy with the labels.
        kl_weight: weight of the divergence from the teacher.
        temperature: softens both distributions in the divergence, not in the cross-entropy.
        divergence: one of ``losses.DIVERGENCES``.
        jsd_beta: β of ``jsd``.
    """

    ce_weight: float = 1.0
    kl_weight: float = 1.0
    temperature: float = 1.0
    divergence: DivergenceName = "forward_kl"
    jsd_beta: float = 0.5


class LossSums(NamedTuple):
    """Sums over rows, float32 scalars: the objective, which has a gradient, and its two parts without weights."""

    total: torch.Tensor
    cross_entropy: torch.Tensor
    divergence: torch.Tensor


def distillation_sums(
    student: torch.Tensor,
    targets: torch.Tensor,
    teacher: TeacherOutcomes,
    head: nn.Module,
    objective: Objective,
    chunk: int,
) -> LossSums:
    """Sum the objective over rows. Sums, not means: the trainer divides by the tokens of the whole optimizer step.

    Args:
        student: hidden states that predict response tokens, ``[N, width]``.
        targets: the tokens to predict, ``[N]``.
        teacher: gives the teacher's distributions of any slice of the rows.
        head: from hidden states to logits; frozen.
        objective: weights, temperature, divergence.
        chunk: rows that the head sees at one time, of which it makes ``[chunk, vocabulary]`` float32 logits.

    Raises:
        ValueError: the head learns; it would get no gradient here.
    """
    if any(parameter.requires_grad for parameter in head.parameters()):
        raise ValueError("the language model's head must be frozen: the distillation loss gives it no gradient")
    return LossSums(*_ChunkedLoss.apply(student, targets, teacher, head, objective, chunk))


class _ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        student: torch.Tensor,
        targets: torch.Tensor,
        teacher: TeacherOutcomes,
        head: nn.Module,
        objective: Objective,
        chunk: int,
    ) -> tuple[torch.Tensor, ...]:
        learns = ctx.needs_input_grad[0]
        sums = torch.zeros(3, device=student.device)
        gradients = torch.zeros_like(student) if learns else None
        for start in range(0, len(student), chunk):
            rows = slice(start, start + chunk)
            with torch.set_grad_enabled(learns):
                hidden = student[rows].detach().requires_grad_(learns)  # [chunk, width]
                values = _row_sums(hidden, targets[rows], teacher(rows), head, objective)
            if gradients is not None:
                (gradients[rows],) = torch.autograd.grad(values.total, hidden)
            sums += torch.stack(values).detach()
        ctx.save_for_backward(gradients)
        total, *parts = sums.clone().unbind()
        ctx.mark_non_differentiable(*parts)
        return total, *parts

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_total: torch.Tensor, *_: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (gradients,) = ctx.saved_tensors
        return gradients * of_total, None, None, None, None, None


def _row_sums(
    hidden: torch.Tensor, targets: torch.Tensor, teacher: Outcomes, head: nn.Module, objective: Objective
) -> LossSums:
    logits = head(hidden).float()  # [chunk, vocabulary]
    cross_entropy = F.cross_entropy(logits, targets, reduction="sum")
    student = student_log_probs(logits / objective.temperature, teacher.token_ids)  # [chunk, outcomes]
    distance = divergence(objective.divergence, teacher.log_probs, student, objective.jsd_beta).sum()
    scale = objective.kl_weight * objective.temperature**2
    return LossSums(objective.ce_weight * cross_entropy + scale * distance, cross_entropy, distance)
