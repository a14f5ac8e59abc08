"""Packed re-alignment is that of single rows: the same loss and gradients, whichever teacher."""

import copy

import pytest
import torch

from fcotvl_hf.training.alignment import IGNORED, TextInputs, teacher_inputs
from fcotvl_hf.training.packing_collator import PackingCollator

IMAGE = 9


def step(trainer, batches) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Loss and gradients of an optimizer step over some micro-batches."""
    batches = [trainer._prepare_inputs(batch) for batch in batches]
    trainer.model.zero_grad()
    trainer.current_gradient_accumulation_steps = len(batches)
    items = sum((batch["labels"][:, 1:] != IGNORED).sum() for batch in batches)
    losses = [trainer.compute_loss(trainer.model, batch, num_items_in_batch=items) for batch in batches]
    sum(losses).backward()
    return sum(losses).detach(), {n: p.grad.clone() for n, p in trainer.model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("teacher", ["shared", "separate"])
def test_loss_and_gradients_equal_those_of_single_rows(make_trainer, session_teacher, mixed_rows, teacher) -> None:
    others = {"teacher_model": copy.deepcopy(session_teacher[0])} if teacher == "separate" else {}
    single = make_trainer("distill", mixed_rows, others=others, temperature=2.0)
    packed = make_trainer("distill", mixed_rows, others=others, temperature=2.0, packing=True, context_length=512)
    assert isinstance(packed.data_collator, PackingCollator)
    rows = [copy.deepcopy(mixed_rows) for _ in range(4)]
    expected, expected_gradients = step(single, [single.data_collator([one]) for one in rows[0]])
    assert expected > 0.1 and len(expected_gradients) == 8
    for packs in (
        [[rows[1]]],  # all in one sequence
        [[rows[2][:1], rows[2][1:]]],  # two sequences in a micro-batch, one of them padded
        [[rows[3][:3]], [rows[3][3:]]],  # two micro-batches, the last without an image
    ):
        loss, found = step(packed, [packed.data_collator(pack) for pack in packs])
        torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)
        for name, gradient in expected_gradients.items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-5, msg=name)


def test_a_packed_run_learns(make_trainer) -> None:
    trainer = make_trainer("distill", packing=True, context_length=256, max_steps=2, per_device_train_batch_size=2)
    trainer.train()
    entry = next(entry for entry in trainer.state.log_history if "kl" in entry)
    assert entry["loss"] == pytest.approx(entry["ce"] + entry["kl"], rel=1e-3)
    assert 0.5 < entry["pack_fill"] <= 1


def test_positions_of_the_teacher_begin_where_the_students_do() -> None:
    ids = torch.tensor([[9, 1, 9, 2, 3, 9, 4], [1, 9, 9, 2, 0, 0, 0]])
    positions = torch.tensor([[0, 1, 2, 3, 0, 1, 2], [0, 1, 2, 3, 4, 5, 6]])
    teacher = teacher_inputs(TextInputs(ids, ids, None, positions), IMAGE, 2)
    assert teacher.attention_mask is None
    assert teacher.input_ids.tolist() == [[9, 9, 1, 9, 9, 2, 3, 9, 9, 4], [1, 9, 9, 9, 9, 2, 0, 0, 0, 0]]
    assert teacher.position_ids is not None
    assert teacher.position_ids.tolist() == [[0, 1, 2, 3, 4, 5, 0, 1, 2, 3], list(range(10))]
