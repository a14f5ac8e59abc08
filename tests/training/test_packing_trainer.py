"""Packed training is unpacked training: the same losses and gradients, and no row sees its neighbours."""

import copy
from collections.abc import Callable

import pytest
import torch
from PIL import Image

from fcotvl_hf.training.base_trainer import FCoTTrainer
from fcotvl_hf.training.packed_attention import NAME, attend_row_by_row
from fcotvl_hf.training.packing_collator import PackingCollator, join_rows
from fcotvl_hf.training.skipping import ROW_OF, ROWS

from .conftest import row

ATTENTIONS = ["eager", "sdpa", NAME]


@pytest.fixture
def sft(make_trainer, mixed_rows) -> Callable[..., FCoTTrainer]:
    """A trainer of single rows whose model uses a given attention."""

    def make(attention: str = "sdpa", **options: object):
        trainer = make_trainer("sft", mixed_rows, **options)
        trainer.model.set_attn_implementation("sdpa" if attention == NAME else attention)
        if attention == NAME:
            attend_row_by_row(trainer.model)
        return trainer

    return make


def gradients(trainer, batches) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Loss and gradients of an optimizer step over some micro-batches."""
    batches = [trainer._prepare_inputs(batch) for batch in batches]
    trainer.model.zero_grad()
    items = sum((batch["labels"][:, 1:] != -100).sum() for batch in batches)
    losses = [trainer.compute_loss(trainer.model, batch, num_items_in_batch=items) for batch in batches]
    sum(losses).backward()
    return sum(losses).detach(), {name: p.grad.clone() for name, p in trainer.model.named_parameters()}


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("assistant_only", [True, False])
def test_loss_and_gradients_equal_those_of_single_rows(sft, mixed_rows, attention, assistant_only) -> None:
    trainer = sft(attention, assistant_only_loss=assistant_only)
    collate = PackingCollator(trainer.data_collator)
    rows = [copy.deepcopy(mixed_rows) for _ in range(5)]
    expected, expected_gradients = gradients(trainer, [trainer.data_collator([one]) for one in rows[0]])
    for batches in (
        [collate([rows[1]])],  # all in one sequence
        [collate([rows[2][:1], rows[2][1:]])],  # two sequences in a micro-batch, one of them padded
        [collate([rows[3][:3]]), collate([rows[3][3:]])],  # two micro-batches, the last without an image
        [trainer.data_collator(rows[4])],
    ):
        loss, found = gradients(trainer, batches)
        torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)
        for name, gradient in expected_gradients.items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-5, msg=name)


def hidden_states(model, batch) -> torch.Tensor:
    """Last hidden states ``[packs, length, width]`` of a packed batch."""
    inputs = {name: values for name, values in batch.items() if name not in ("labels", ROWS, ROW_OF)}
    with torch.no_grad():
        return model.model(**inputs, use_cache=False).last_hidden_state


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_rows_do_not_see_their_neighbours(sft, mixed_rows, attention) -> None:
    trainer = sft(attention)
    model = trainer.model.eval()
    collate = PackingCollator(trainer.data_collator)
    noise = Image.effect_noise((112, 112), 90).convert("RGB")
    other = [row([noise], "Head the text.", "y"), *mixed_rows[1:]]  # another image, question and answer, as long
    batches = [collate([copy.deepcopy(pack)]) for pack in (mixed_rows, other)]
    first = int((batches[0]["position_ids"] == 0)[0].nonzero()[1])  # tokens of the row that differs
    assert batches[0]["input_ids"].shape == batches[1]["input_ids"].shape

    before, after = (hidden_states(model, batch)[0] for batch in batches)
    assert torch.equal(before[first:], after[first:])
    assert not torch.isclose(before[:first], after[:first]).all()

    leaks = [{"position_ids": None}]
    if attention != NAME:  # which takes a mask of ones for none
        leaks.append({"attention_mask": torch.ones_like(batches[0]["input_ids"])})
    for leak in leaks:
        before, after = (hidden_states(model, batch | leak)[0] for batch in batches)
        assert not torch.isclose(before[first:], after[first:]).all()  # so plain concatenation does leak


def test_joined_rows_know_where_they_begin() -> None:
    ids = torch.tensor([[5, 6, 7], [8, 9, 0], [3, 0, 0]])
    batch = {"input_ids": ids, "attention_mask": (ids > 0).long(), "labels": ids.masked_fill(ids == 0, -100)}
    joined = join_rows(
        batch | {ROW_OF: torch.arange(3), "pixel_values": torch.ones(1), "rows": ["a", "b", "c"]}, [2, 1]
    )
    assert joined["input_ids"].tolist() == [[5, 6, 7, 8, 9], [3, 0, 0, 0, 0]]
    assert joined["position_ids"].tolist() == [[0, 1, 2, 0, 1], [0, 1, 2, 3, 4]]
    assert joined["labels"].tolist() == [[-100, 6, 7, -100, 9], [-100] * 5]
    assert joined[ROW_OF].tolist() == [[0, 0, 0, 1, 1], [2, -1, -1, -1, -1]]
    assert torch.equal(joined["pixel_values"], torch.ones(1))
    assert joined["rows"] == ["a", "b", "c"]
    assert "attention_mask" not in joined
