"""How far the student's next-token distribution is from the teacher's: three divergences, whole or on the top k.

L = ce_weight · CE + kl_weight · T² · D(p_T, p_S), https://arxiv.org/abs/2502.18512, section 3.2; T² keeps the size of
gradients when both are softened by T (https://arxiv.org/abs/1503.02531, section 2). Everything here takes
log-probabilities over *outcomes*, one row per response position. Outcomes are all tokens, or the teacher's k likeliest
and one *tail* for all others. The tail keeps the student from leaking probability to tokens that were not kept, which
renormalised top k tokens would not see; and as merging outcomes never increases any of these divergences (data
processing), what is computed is a lower bound of the whole, zero only if the student agrees on the k tokens.
"""

import math
from typing import Literal, NamedTuple, get_args

import torch

DivergenceName = Literal["forward_kl", "reverse_kl", "jsd"]
DIVERGENCES: tuple[DivergenceName, ...] = get_args(DivergenceName)
"""What ``divergence`` may be."""


class Outcomes(NamedTuple):
    """The teacher's distributions.

    Args:
        log_probs: ``[N, vocabulary]``; of the top k: ``[N, k + 1]``, the tail last.
        token_ids: which tokens the first k columns are, ``[N, k]``; ``None`` for all tokens.
    """

    log_probs: torch.Tensor
    token_ids: torch.Tensor | None


def teacher_outcomes(logits: torch.Tensor, top_k: int | None) -> Outcomes:
    """Turn the teacher's logits into log-probabilities.

    Args:
        logits: ``[N, vocabulary]``, divided by the temperature.
        top_k: how many tokens to keep beside the tail, fewer than the vocabulary; ``None`` for all.
    """
    if top_k is None:
        return Outcomes(logits.log_softmax(-1), None)
    token_ids = logits.topk(top_k, dim=-1).indices  # [N, k]
    return Outcomes(student_log_probs(logits, token_ids), token_ids)


def student_log_probs(logits: torch.Tensor, token_ids: torch.Tensor | None) -> torch.Tensor:
    """Log-probabilities of the teacher's outcomes.

    Args:
        logits: ``[N, vocabulary]``, divided by the temperature.
        token_ids: see ``Outcomes``.

    Returns:
        ``[N, vocabulary]``, or ``[N, k + 1]`` with the tail last, which is summed from the tokens outside and so exact
        where 1 − Σ would round to nothing.
    """
    log_probs = logits.log_softmax(-1)
    if token_ids is None:
        return log_probs
    tail = log_probs.scatter(-1, token_ids, -math.inf).logsumexp(-1, keepdim=True)  # [N, 1]
    return torch.cat([log_probs.gather(-1, token_ids), tail], dim=-1)


def forward_kl(teacher: torch.Tensor, student: torch.Tensor) -> torch.Tensor:
    """KL(p_T ‖ p_S) = Σ p_T (log p_T − log p_S) of each row; the student covers all that the teacher finds likely.

    Args:
        teacher: log-probabilities ``[N, outcomes]``.
        student: the same of the student.

    Returns:
        ``[N]``, in nats.
    """
    return (teacher.exp() * (teacher - student)).sum(-1)


def reverse_kl(teacher: torch.Tensor, student: torch.Tensor) -> torch.Tensor:
    """KL(p_S ‖ p_T) of each row (https://arxiv.org/abs/2306.08543); the student avoids what the teacher does not say.

    Args and shapes as in ``forward_kl``.
    """
    return forward_kl(student, teacher)


def jensen_shannon(teacher: torch.Tensor, student: torch.Tensor, beta: float) -> torch.Tensor:
    """β KL(p_T ‖ m) + (1 − β) KL(p_S ‖ m), m = β p_T + (1 − β) p_S (https://arxiv.org/abs/2306.13649, equation 1).

    Args:
        teacher: log-probabilities ``[N, outcomes]``.
        student: the same of the student.
        beta: strictly between 0 and 1; near 0 the gradient is β times forward KL's, near 1 it is 1 − β times reverse
            KL's.

    Returns:
        ``[N]``, in nats; at most log 2 for β = ½.
    """
    mixture = torch.logaddexp(teacher + math.log(beta), student + math.log1p(-beta))
    return beta * forward_kl(teacher, mixture) + (1 - beta) * forward_kl(student, mixture)


def divergence(name: DivergenceName, teacher: torch.Tensor, student: torch.Tensor, beta: float) -> torch.Tensor:
    """The divergence of that name, of each row.

    Args:
        name: one of ``DIVERGENCES``.
        teacher: log-probabilities ``[N, outcomes]``.
        student: the same of the student.
        beta: of ``jsd``.
    """
    if name == "jsd":
        return jensen_shannon(teacher, student, beta)
    return (forward_kl if name == "forward_kl" else reverse_kl)(teacher, student)
