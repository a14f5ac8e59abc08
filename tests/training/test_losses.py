"""The divergences equal their definitions in plain PyTorch, whole and on the top k tokens, gradients included."""

import pytest
import torch

from fcotvl_hf.training.losses import DIVERGENCES, divergence, forward_kl, student_log_probs, teacher_outcomes


@pytest.fixture
def logits() -> tuple[torch.Tensor, torch.Tensor]:
    """Of teacher and student, in double precision."""
    torch.manual_seed(0)
    teacher, student = 3 * torch.randn(2, 7, 31, dtype=torch.float64)
    return teacher, student.clone().requires_grad_()


def by_definition(name: str, p: torch.Tensor, q: torch.Tensor, beta: float) -> torch.Tensor:
    """The divergence of probabilities, term by term."""

    def kl(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a * (a / b).log()).sum(-1)

    mixture = beta * p + (1 - beta) * q
    return {
        "forward_kl": kl(p, q),
        "reverse_kl": kl(q, p),
        "jsd": beta * kl(p, mixture) + (1 - beta) * kl(q, mixture),
    }[name]


@pytest.mark.parametrize("top_k", [None, 1, 5])
@pytest.mark.parametrize(("name", "beta"), [("forward_kl", 0.5), ("reverse_kl", 0.5), ("jsd", 0.5), ("jsd", 0.1)])
def test_values_and_gradients_equal_the_definition(logits, name, beta, top_k) -> None:
    teacher, student = logits
    outcomes = teacher_outcomes(teacher, top_k)
    ours = divergence(name, outcomes.log_probs, student_log_probs(student, outcomes.token_ids), beta)

    p, q = teacher.softmax(-1), student.softmax(-1)
    if top_k is not None:
        order = p.argsort(dim=-1, descending=True)
        p, q = (
            torch.cat([x[:, :top_k], x[:, top_k:].sum(-1, True)], -1) for x in (p.gather(1, order), q.gather(1, order))
        )
    expected = by_definition(name, p, q, beta)
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(
        *(torch.autograd.grad(value.sum(), student, retain_graph=True) for value in (ours, expected))
    )


@pytest.mark.parametrize("name", DIVERGENCES)
def test_more_tokens_never_lower_it_and_all_but_one_give_the_whole(logits, name) -> None:
    teacher, student = logits
    values = []
    for top_k in (1, 4, 16, 30, None):
        outcomes = teacher_outcomes(teacher, top_k)
        values.append(divergence(name, outcomes.log_probs, student_log_probs(student, outcomes.token_ids), 0.5))
    for fewer, more in zip(values, values[1:], strict=False):
        assert (fewer <= more + 1e-12).all()
    torch.testing.assert_close(values[-2], values[-1])


@pytest.mark.parametrize("beta", [1e-9, 1 - 1e-9])
def test_jensen_shannon_nears_both_divergences(logits, beta) -> None:
    teacher, student = (x.log_softmax(-1) for x in logits)
    limit = by_definition("forward_kl" if beta < 0.5 else "reverse_kl", teacher.exp(), student.exp(), beta)
    torch.testing.assert_close(
        divergence("jsd", teacher, student, beta) / min(beta, 1 - beta), limit, rtol=1e-3, atol=1e-3
    )


def test_a_tail_too_small_for_one_minus_the_sum_stays_exact() -> None:
    logits = torch.tensor([[60.0, 0.0, 0.0]])
    assert 1 - logits.softmax(-1)[0, 0] == 0
    outcomes = teacher_outcomes(logits, 1)
    assert outcomes.log_probs[0, 1].item() == pytest.approx(-60 + torch.tensor(2.0).log().item())
    assert forward_kl(outcomes.log_probs, outcomes.log_probs).item() == 0
