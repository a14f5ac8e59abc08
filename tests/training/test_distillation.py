"""Re-alignment: what is compared, what is trained, and that how a batch is cut up does not matter."""

import copy

import pytest
import torch

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.training.losses import DIVERGENCES

from .conftest import row
from .test_losses import by_definition


def loss_of(trainer, rows) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The evaluation loss of one batch with ``rows``."""
    trainer.model.eval()
    batch = trainer.data_collator(copy.deepcopy(rows))
    return trainer.compute_loss(trainer.model, dict(batch)), batch


@pytest.mark.parametrize("position", ["before_projector", "after_projector"])
def test_loss_at_either_position_is_that_of_whole_models(make_trainer, session_teacher, mixed_rows, position) -> None:
    model = build_student(session_teacher[0], "conv1d", 2, position)
    trainer = make_trainer("distill", mixed_rows, model=model, ce_weight=1.0, kl_weight=0.0)
    loss, batch = loss_of(trainer, mixed_rows)
    with torch.no_grad():
        whole = model(**{name: batch[name] for name in ("input_ids", "attention_mask", "labels", "pixel_values")}).loss
    torch.testing.assert_close(loss, whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_loss_equals_two_separate_models_on_full_logits(
    make_trainer, session_teacher, student, mixed_rows, name
) -> None:
    weights = {"ce_weight": 0.7, "kl_weight": 1.3, "temperature": 2.0}
    trainer = make_trainer("distill", mixed_rows, divergence=name, jsd_beta=0.3, **weights)
    loss, batch = loss_of(trainer, mixed_rows)

    def logits_of(model, processor):
        processor = copy.deepcopy(processor)
        collator = copy.copy(trainer.data_collator.collator)  # without what skips rows
        collator.processor = processor
        inputs = collator(copy.deepcopy(mixed_rows))
        labels = inputs.pop("labels")
        with torch.no_grad():
            logits = model(**inputs).logits
        mask = labels[:, 1:] != -100
        return logits[:, :-1][mask], labels[:, 1:][mask]

    of_student, targets = logits_of(trainer.model, student[1])
    of_teacher, teacher_targets = logits_of(*session_teacher)
    assert torch.equal(targets, teacher_targets)
    distance = by_definition(name, (of_teacher / 2).softmax(-1), (of_student / 2).softmax(-1), 0.3).mean()
    ce = torch.nn.functional.cross_entropy(of_student, targets)
    assert distance > 1e-3  # the compressed student does differ
    torch.testing.assert_close(loss, 0.7 * ce + 1.3 * 4 * distance, rtol=1e-5, atol=1e-5)
    assert len(targets) == (batch["labels"] != -100).sum()


def test_divergence_is_zero_without_compression(make_trainer, session_teacher, mixed_rows) -> None:
    trainer = make_trainer("distill", mixed_rows, model=session_teacher[0], ce_weight=0.0)
    loss, _ = loss_of(trainer, mixed_rows)
    assert abs(loss) < 1e-6


def test_only_compressor_and_projector_change(make_trainer) -> None:
    trainer = make_trainer("distill")
    before = copy.deepcopy(trainer.model.state_dict())
    trainer.train()
    changed = {name for name, value in trainer.model.state_dict().items() if not torch.equal(value, before[name])}
    expected = {name for name in before if ".compressor." in name or ".multi_modal_projector." in name}
    assert changed == expected


def test_teacher_projector_is_not_trained_nor_saved(make_trainer, student) -> None:
    trainer = make_trainer("distill")
    trainer.train()
    original = student[0].model.multi_modal_projector.state_dict()
    for name, value in trainer.teacher.projector.state_dict().items():
        assert torch.equal(value, original[name])
    assert trainer.model.state_dict().keys() == student[0].state_dict().keys()


def test_given_teacher_projector_is_the_target(student, make_trainer, tmp_path, mixed_rows) -> None:
    trainer = make_trainer("distill", mixed_rows)
    other = copy.deepcopy(student[0].model.multi_modal_projector)
    torch.nn.init.zeros_(other.linear_2.weight)
    given = type(trainer)(
        trainer.model,
        trainer.args,
        trainer.train_dataset,
        teacher_projector=other,
        processing_class=trainer.processing_class,
    )
    assert torch.equal(given.teacher.projector.linear_2.weight, torch.zeros_like(other.linear_2.weight))
    assert loss_of(given, mixed_rows)[0] != loss_of(trainer, mixed_rows)[0]


def test_text_alone_and_a_half_batch_at_the_end_accumulate_exactly(make_trainer, mixed_rows) -> None:
    rows = [*mixed_rows[::-1], *mixed_rows[:2]]
    logs = []
    for batch, accumulation in ((4, 1), (2, 2), (1, 4)):
        options = {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation, "max_steps": -1}
        trainer = make_trainer("distill", rows, **options, num_train_epochs=1, train_sampling_strategy="sequential")
        trainer.train()
        logs.append([entry for entry in trainer.state.log_history if "loss" in entry])
    assert len(logs[0]) == 2
    for other in logs[1:]:
        for whole, accumulated in zip(logs[0], other, strict=True):
            for part in ("loss", "ce", "kl", "grad_norm"):
                assert accumulated[part] == pytest.approx(whole[part], rel=1e-5)


def test_head_sees_response_rows_only_and_no_more_than_a_chunk(make_trainer, mixed_rows) -> None:
    trainer = make_trainer("distill", mixed_rows, logits_chunk=5)
    batch = trainer.data_collator(copy.deepcopy(mixed_rows))
    seen: list[tuple[int, ...]] = []
    trainer.model.lm_head.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    trainer.compute_loss(trainer.model, dict(batch)).backward()
    responses = (batch["labels"] != -100).sum().item()
    width = trainer.model.config.text_config.hidden_size
    assert {shape[1:] for shape in seen} == {(width,)}
    assert max(shape[0] for shape in seen) == 5
    assert sum(shape[0] for shape in seen) == 2 * responses < batch["labels"].numel() / 2


def test_chunks_change_neither_loss_nor_gradient(make_trainer, mixed_rows) -> None:
    results = []
    for chunk in (3, 1000):
        trainer = make_trainer("distill", mixed_rows, logits_chunk=chunk)
        loss, _ = loss_of(trainer, mixed_rows)
        trained = [p for p in trainer.model.parameters() if p.requires_grad]
        results.append([loss.detach(), *torch.autograd.grad(loss, trained)])
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-5)


def test_batch_without_images_trains_nothing_and_does_not_fail(make_trainer) -> None:
    rows = [row([], "Say hello.", "hello"), row([], "Say more.", "hello again")]
    trainer = make_trainer("distill", rows, per_device_train_batch_size=2, max_steps=1)
    trainer.train()
    (entry,) = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert entry["grad_norm"] == 0
    assert entry["kl"] == pytest.approx(0, abs=1e-6)
    assert entry["loss"] == pytest.approx(entry["ce"], rel=1e-5)


def test_evaluation_gives_a_loss_and_its_parts(make_trainer, mixed_rows) -> None:
    trainer = make_trainer("distill", mixed_rows, per_device_eval_batch_size=4)
    metrics = trainer.evaluate(trainer.train_dataset)
    assert metrics["eval_loss"] == pytest.approx(loss_of(trainer, mixed_rows)[0].item(), rel=1e-5)
    assert metrics["eval_loss"] == pytest.approx(metrics["eval_ce"] + metrics["eval_kl"], rel=1e-5)


def test_processor_of_another_stride_is_refused(make_trainer, student, session_teacher) -> None:
    trainer = make_trainer("distill")
    with pytest.raises(ValueError, match="writes 16 placeholders per tile, the model emits 8"):
        type(trainer)(student[0], trainer.args, trainer.train_dataset, processing_class=session_teacher[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ce_weight": 0.0, "kl_weight": 0.0}, "both zero"),
        ({"kl_weight": -1.0}, "not be negative"),
        ({"temperature": 0.0}, "temperature must be positive"),
        ({"max_length": 512}, "cut image placeholders"),
        ({"divergence": "kl"}, "divergence must be one of forward_kl, reverse_kl, jsd, not 'kl'"),
        ({"jsd_beta": 1.0}, "jsd_beta must lie between 0 and 1"),
        ({"logits_chunk": 0}, "logits_chunk must be at least 1"),
        ({"teacher_top_k": 0}, "teacher_top_k must be at least 1, not 0; leave it out"),
        ({"teacher_top_k": 104}, "must be below the vocabulary's 104 tokens"),
    ],
)
def test_senseless_options_are_refused(make_trainer, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        make_trainer("distill", **options)


def test_mixed_precision_reaches_what_bypasses_the_models_forward(make_trainer, mixed_rows) -> None:
    exact, _ = loss_of(make_trainer("distill", mixed_rows), mixed_rows)
    mixed, _ = loss_of(make_trainer("distill", mixed_rows, use_cpu=True, bf16=True), mixed_rows)
    assert mixed.item() != exact.item()
    assert mixed.item() == pytest.approx(exact.item(), rel=0.02)
    assert mixed.dtype == torch.float32
