"""The chunked sums equal the obvious computation on full logits."""

import pytest
import torch
from torch import nn

from fcotvl_hf.training.losses import distillation_sums


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_values_and_gradients_equal_full_logits(temperature) -> None:
    torch.manual_seed(0)
    head = nn.Linear(8, 31, bias=False)
    student, teacher = torch.randn(10, 8, requires_grad=True), torch.randn(10, 8)
    targets = torch.randint(31, (10,))

    ce, kl = distillation_sums(student, teacher, targets, head, temperature, chunk=3)
    (gradient,) = torch.autograd.grad(ce + 0.5 * kl, student)

    p_student = (head(student) / temperature).softmax(-1)
    p_teacher = (head(teacher) / temperature).softmax(-1)
    expected_ce = -head(student).softmax(-1)[torch.arange(10), targets].log().sum()
    expected_kl = (p_teacher * (p_teacher / p_student).log()).sum()
    (expected_gradient,) = torch.autograd.grad(expected_ce + 0.5 * expected_kl, student)
    torch.testing.assert_close(ce, expected_ce, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(kl, expected_kl, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-4, atol=1e-5)


def test_no_rows_give_zero_with_a_gradient() -> None:
    student = torch.zeros(0, 8, requires_grad=True)
    ce, kl = distillation_sums(student, student.detach(), torch.zeros(0, dtype=torch.long), nn.Linear(8, 31))
    (ce + kl).backward()
    assert ce == kl == 0
    assert student.grad is not None
