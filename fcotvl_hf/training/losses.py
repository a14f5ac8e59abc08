"""The distillation loss, summed over response positions in chunks so that full logits never exist.

L = ce_weight · CE + kl_weight · T² · KL(teacher ‖ student), https://arxiv.org/abs/2502.18512, section 3.2. The sums
are returned, not means: the trainer divides by the number of response tokens of the whole optimiser step.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint


def distillation_sums(
    student: torch.Tensor,
    teacher: torch.Tensor,
    targets: torch.Tensor,
    head: nn.Module,
    temperature: float = 1.0,
    chunk: int = 1024,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum cross-entropy and Kullback-Leibler divergence over rows.

    Args:
        student: hidden states of the student, ``[N, width]``.
        teacher: hidden states of the teacher for the same tokens, ``[N, width]``.
        targets: the tokens to predict, ``[N]``.
        head: from hidden states to logits; teacher and student share it.
        temperature: softens both distributions in the divergence, not in the cross-entropy.
        chunk: rows whose logits exist at one time; recomputed in the backward pass.

    Returns:
        Σ −log p_S(target) and Σ KL(p_T ‖ p_S) at the temperature (without T²), two float32 scalars.
    """

    def sums_of(s: torch.Tensor, t: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        student_logits = head(s).float()  # [chunk, vocabulary]
        with torch.no_grad():
            teacher_logits = head(t).float()  # [chunk, vocabulary]
        return (
            F.cross_entropy(student_logits, target, reduction="sum"),
            F.kl_div(
                (student_logits / temperature).log_softmax(-1),
                (teacher_logits / temperature).log_softmax(-1),
                log_target=True,
                reduction="sum",
            ),
        )

    pieces = zip(student.split(chunk), teacher.split(chunk), targets.split(chunk), strict=True)
    sums = [checkpoint(sums_of, *piece, use_reentrant=False, preserve_rng_state=False) for piece in pieces]
    cross_entropies, divergences = zip(*sums, strict=True)
    return torch.stack(cross_entropies).sum(), torch.stack(divergences).sum()
