"""Teachers inside the student and beside it say the same, and those that cannot be compared are refused."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration
from fcotvl_hf.training.base_trainer import FCoTTrainer
from fcotvl_hf.training.teachers import SeparateTeacher, SharedTeacher

from .conftest import Row
from .test_distillation import loss_of


def with_teacher(
    make_trainer: Callable[..., FCoTTrainer], rows: list[Row], teacher: FCoTVLForConditionalGeneration, **options: Any
) -> FCoTTrainer:
    """A trainer with a separate teacher."""
    return make_trainer("distill", rows, others={"teacher_model": copy.deepcopy(teacher)}, **options)


def test_a_separate_teacher_says_what_the_shared_one_does(make_trainer, session_teacher, mixed_rows) -> None:
    shared = make_trainer("distill", mixed_rows)
    separate = with_teacher(make_trainer, mixed_rows, session_teacher[0])
    assert isinstance(separate.teacher, SeparateTeacher)
    torch.testing.assert_close(loss_of(separate, mixed_rows)[0], loss_of(shared, mixed_rows)[0], rtol=1e-5, atol=1e-6)


def test_it_teaches_a_student_whose_language_model_has_changed(
    make_trainer, session_teacher, student, mixed_rows
) -> None:
    tuned = copy.deepcopy(student[0])
    with torch.no_grad():
        for parameter in tuned.model.language_model.parameters():
            parameter.mul_(1.1)
    trainer = with_teacher(make_trainer, mixed_rows, session_teacher[0], model=tuned)
    weights = copy.deepcopy(trainer.teacher.model.state_dict())
    before, _ = loss_of(trainer, mixed_rows)
    trainer.train()
    assert loss_of(trainer, mixed_rows)[0] < before
    teacher = trainer.teacher.model
    assert not teacher.training
    assert all(not parameter.requires_grad and parameter.grad is None for parameter in teacher.parameters())
    assert all(torch.equal(value, weights[name]) for name, value in teacher.state_dict().items())
    assert trainer.model.state_dict().keys() == student[0].state_dict().keys()


def test_a_named_teacher_is_loaded(make_trainer, teacher_folder, mixed_rows) -> None:
    named = make_trainer("distill", mixed_rows, teacher_model=str(teacher_folder))
    torch.testing.assert_close(
        loss_of(named, mixed_rows)[0], loss_of(make_trainer("distill", mixed_rows), mixed_rows)[0], rtol=1e-5, atol=1e-6
    )


def test_a_student_may_teach_a_smaller_one(make_trainer, session_teacher, mixed_rows) -> None:
    half, quarter = (build_student(session_teacher[0], "mean", stride) for stride in (2, 4))
    trainer = with_teacher(make_trainer, mixed_rows, half, model=quarter)
    assert loss_of(trainer, mixed_rows)[0] > 0
    itself = with_teacher(make_trainer, mixed_rows, quarter, model=quarter, ce_weight=0.0)
    assert abs(loss_of(itself, mixed_rows)[0]) < 1e-6


@pytest.mark.parametrize("options", [{}, {"teacher_model": None}])
def test_without_one_there_is_one_model_in_memory(make_trainer, mixed_rows, options) -> None:
    trainer = make_trainer("distill", mixed_rows, **options)
    assert isinstance(trainer.teacher, SharedTeacher)
    own = [value for value in vars(trainer).values() if isinstance(value, FCoTVLForConditionalGeneration)]
    assert {id(model) for model in own} == {id(trainer.model)}


def test_a_stored_separate_teacher_is_not_loaded_again(
    make_trainer, teacher_folder, mixed_rows, tmp_path, monkeypatch
) -> None:
    options = {"teacher_model": str(teacher_folder), "teacher_top_k": 20, "precompute_teacher": str(tmp_path / "store")}
    make_trainer("distill", mixed_rows, **options)
    monkeypatch.delattr("fcotvl_hf.training.teacher_source.load_model")
    trainer = make_trainer("distill", mixed_rows, **options)
    assert trainer.evaluate(trainer.train_dataset)["eval_kl"] > 0


@pytest.mark.parametrize(
    ("part", "setting", "value", "message"),
    [
        (None, "image_token_id", 5, "the teacher has image_token_id 5, the student"),
        ("text_config", "vocab_size", 999, "the teacher has vocab_size 999, the student 104; they must be the same"),
        ("vision_config", "image_size", (224, 224), r"the teacher has image_size \(224, 224\), the student"),
        (None, "image_seq_length", 4, "the teacher's 4 visual tokens per tile are no multiple of the student's 8"),
    ],
)
def test_a_teacher_that_does_not_fit_is_refused(
    make_trainer, session_teacher, mixed_rows, part, setting, value, message
) -> None:
    teacher = copy.deepcopy(session_teacher[0])
    setattr(getattr(teacher.config, part) if part else teacher.config, setting, value)
    with pytest.raises(ValueError, match=message):
        with_teacher(make_trainer, mixed_rows, teacher)


def test_a_projector_beside_a_separate_teacher_is_refused(make_trainer, student, session_teacher, mixed_rows) -> None:
    trainer = make_trainer("distill", mixed_rows)
    with pytest.raises(ValueError, match="give teacher_projector or teacher_model"):
        type(trainer)(
            student[0],
            trainer.args,
            trainer.train_dataset,
            teacher_projector=student[0].model.multi_modal_projector,
            teacher_model=session_teacher[0],
            processing_class=trainer.processing_class,
        )
