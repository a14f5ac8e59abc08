"""The sums over chunks equal the obvious computation on full logits, and no chunk is larger than asked."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fcotvl_hf.training.chunked_loss import LossSums, Objective, TeacherOutcomes, distillation_sums
from fcotvl_hf.training.losses import DIVERGENCES, divergence, teacher_outcomes

WIDTH, VOCABULARY, ROWS = 8, 31, 10


@pytest.fixture
def head() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(WIDTH, VOCABULARY, bias=False).requires_grad_(False)


@pytest.fixture
def rows() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hidden states of the student and of the teacher, and targets."""
    torch.manual_seed(1)
    student, teacher = torch.randn(2, ROWS, WIDTH)
    return student.clone().requires_grad_(), teacher, torch.randint(VOCABULARY, (ROWS,))


def outcomes_of(
    teacher: torch.Tensor, head: nn.Module, temperature: float, top_k: int | None = None
) -> TeacherOutcomes:
    return lambda rows: teacher_outcomes(head(teacher[rows]) / temperature, top_k)


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_values_and_gradients_equal_full_logits(rows, head, name, temperature) -> None:
    student, teacher, targets = rows
    objective = Objective(0.7, 1.3, temperature, name, 0.3)
    sums = distillation_sums(student, targets, outcomes_of(teacher, head, temperature), head, objective, chunk=3)
    (gradient,) = torch.autograd.grad(2 * sums.total, student)

    cross_entropy = F.cross_entropy(head(student), targets, reduction="sum")
    teacher_log_probs, student_log_probs = ((head(x) / temperature).log_softmax(-1) for x in (teacher, student))
    distance = divergence(name, teacher_log_probs, student_log_probs, 0.3).sum()
    total = 0.7 * cross_entropy + 1.3 * temperature**2 * distance
    for ours, expected in zip(sums, LossSums(total, cross_entropy, distance), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, torch.autograd.grad(2 * total, student)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("top_k", [None, 4])
def test_chunks_change_nothing_and_bound_the_rows_of_the_head(rows, head, top_k) -> None:
    student, teacher, targets = rows
    seen: list[int] = []
    head.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    results = []
    for chunk in (ROWS, 3, 1):
        seen.clear()
        sums = distillation_sums(student, targets, outcomes_of(teacher, head, 1.0, top_k), head, Objective(), chunk)
        results.append((*sums, *torch.autograd.grad(sums.total, student)))
        assert max(seen) == chunk
        assert sum(seen) == 2 * ROWS  # each row of each model once, the backward pass included
    for other in results[1:]:
        torch.testing.assert_close(other, results[0], rtol=1e-5, atol=1e-5)


def test_only_the_total_has_a_gradient_and_none_is_made_in_evaluation(rows, head) -> None:
    student, teacher, targets = rows
    arguments = (targets, outcomes_of(teacher, head, 1.0), head, Objective(), 4)
    sums = distillation_sums(student, *arguments)
    assert [value.requires_grad for value in sums] == [True, False, False]
    with torch.no_grad():
        evaluated = distillation_sums(student, *arguments)
    assert not evaluated.total.requires_grad
    torch.testing.assert_close(evaluated, LossSums(*(value.detach() for value in sums)))


def test_no_rows_give_zero_with_a_gradient(rows, head) -> None:
    student, teacher, targets = (x[:0] for x in rows)
    student = student.detach().requires_grad_()
    sums = distillation_sums(student, targets, outcomes_of(teacher, head, 1.0), head, Objective(), 4)
    sums.total.backward()
    assert [value.item() for value in sums] == [0, 0, 0]
    assert student.grad is not None


def test_a_head_that_learns_is_refused(rows, head) -> None:
    student, teacher, targets = rows
    head.requires_grad_(True)
    with pytest.raises(ValueError, match="must be frozen"):
        distillation_sums(student, targets, outcomes_of(teacher, head, 1.0), head, Objective(), 4)
