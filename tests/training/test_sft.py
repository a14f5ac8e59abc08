"""Post-training: every parameter learns, from the assistant's answers only."""

import copy

import torch


def test_all_parameters_change(make_trainer) -> None:
    trainer = make_trainer("sft")
    before = copy.deepcopy(trainer.model.state_dict())
    trainer.train()
    same = {name for name, value in trainer.model.state_dict().items() if torch.equal(value, before[name])}
    assert same == set()


def test_loss_is_on_the_answer_and_its_end_only(make_trainer, mixed_rows) -> None:
    trainer = make_trainer("sft", mixed_rows)
    batch = trainer.data_collator(copy.deepcopy(mixed_rows))
    answers = [trainer.processing_class.tokenizer.decode(labels[labels != -100]) for labels in batch["labels"]]
    expected = ["x", "a longer answer of other length", "two", "hello"]
    assert answers == [f"{answer}<|im_end|>" for answer in expected]


def test_loss_equals_the_models_own(make_trainer, mixed_rows) -> None:
    trainer = make_trainer("sft", mixed_rows)
    trainer.model.eval()
    batch = trainer.data_collator(copy.deepcopy(mixed_rows))
    with torch.no_grad():
        expected = trainer.model(**batch).loss
        torch.testing.assert_close(trainer.compute_loss(trainer.model, dict(batch)), expected, rtol=1e-5, atol=1e-5)


def test_drop_path_is_on_in_post_training_and_off_in_realignment(make_trainer, tmp_path) -> None:
    for kind, hooked in (("sft", True), ("distill", False)):
        trainer = make_trainer(kind)
        last = trainer.model.model.vision_tower.encoder.layer[-1]
        assert bool(last.mlp._forward_hooks) == bool(last.attention._forward_hooks) == hooked
        trainer.save_model(str(tmp_path / kind))
        assert "drop_path" not in (tmp_path / kind / "config.json").read_text()
