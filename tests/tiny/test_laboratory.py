"""Whose runs a folder of studies holds, and what its records have."""

import shutil
from pathlib import Path

from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.hub.names import resolve_model
from fcotvl_hf.tiny.laboratory import Budget, Laboratory
from fcotvl_hf.tiny.studies import Study, Variant
from fcotvl_hf.tiny.weights import weights_of

BUDGET = Budget(distill_steps=2, sft_steps=2, per_task=1)


def test_a_folder_belongs_to_weights_not_to_a_name(tmp_path: Path) -> None:
    copy = tmp_path / "teacher"
    shutil.copytree(resolve_model("tiny"), copy)
    assert Laboratory("tiny", tmp_path / "runs", BUDGET).claim()
    assert Laboratory(str(copy), tmp_path / "runs", BUDGET).claim()
    assert not Laboratory("tiny-50", tmp_path / "runs", BUDGET).claim()
    assert not Laboratory("tiny", tmp_path / "runs", Budget(2, 3, 1)).claim()


def test_other_weights_have_another_hash(tmp_path: Path) -> None:
    copy = tmp_path / "teacher"
    shutil.copytree(resolve_model("tiny"), copy)
    before = weights_of([str(copy)])
    assert list(before.values()) == list(weights_of(["tiny"]).values())
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    assert weights_of([str(copy)]) != before


def test_a_new_folder_needs_training(tmp_path: Path) -> None:
    assert Laboratory("tiny", tmp_path, BUDGET).needs_training("strides")


def test_a_study_asks_the_teacher_and_compares_students_with_each_other(tmp_path: Path) -> None:
    itself = [Variant(label, share=0, realigned=False) for label in ("one", "other")]  # nothing to train
    teacher, one, other = Laboratory("tiny", tmp_path, BUDGET).study(Study(tuple(itself)))
    assert [record["label"] for record in (teacher, one, other)] == ["teacher", "one", "other"]
    assert teacher["score"] == one["score"] > 0 and one["difference"] == [0, 0]
    assert one["pages"] == other["pages"] and set(one["pages"]) == {f"tiny-{task}" for task in TASKS}
    assert all(len(pages) == BUDGET.per_task for pages in one["pages"].values())
