"""The stored teacher teaches what the live one does, is written once, goes on after a kill, is refused elsewhere."""

import copy
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from fcotvl_hf.conversion.student import build_student, init_student
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.data import ocr_pages
from fcotvl_hf.training.distillation_config import STORED_TOP_K
from fcotvl_hf.training.teacher_store import TeacherStore
from fcotvl_hf.training.teachers import SharedTeacher, StoredTeacher

from .conftest import Row, dataset_of, row
from .test_distillation import loss_of

TOP = 20
"""Of the 104 tokens of the tiny vocabulary."""


def losses(trainer) -> list[dict[str, float]]:
    trainer.train()
    return [{key: entry[key] for key in ("loss", "ce", "kl", "grad_norm")} for entry in trainer.state.log_history[:-1]]


@pytest.mark.parametrize("options", [{}, {"divergence": "reverse_kl", "temperature": 2.0}])
def test_training_equals_that_with_the_live_top_k_teacher(make_trainer, mixed_rows, tmp_path, options) -> None:
    options = {"teacher_top_k": TOP, "max_steps": 3, "per_device_train_batch_size": 2, **options}
    live = losses(make_trainer("distill", mixed_rows, **options))
    for _ in ("written", "found"):
        stored = losses(make_trainer("distill", mixed_rows, precompute_teacher=str(tmp_path / "store"), **options))
        assert len(stored) == 3
        for one, other in zip(stored, live, strict=True):
            assert one == pytest.approx(other, rel=1e-5)


def test_a_later_run_has_no_teacher_and_asks_none(make_trainer, mixed_rows, student, tmp_path, monkeypatch) -> None:
    folder = str(tmp_path / "store")
    make_trainer("distill", mixed_rows, precompute_teacher=folder, teacher_top_k=TOP)
    shards = {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()}

    def refuse(*_: object) -> None:
        raise AssertionError("the teacher was asked")

    monkeypatch.setattr(SharedTeacher, "__call__", refuse)
    trainer = make_trainer("distill", mixed_rows, precompute_teacher=folder, teacher_top_k=TOP, max_steps=1)
    assert isinstance(trainer.teacher, StoredTeacher)
    assert losses(trainer)[0]["kl"] > 0
    assert {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()} == shards


def test_students_of_other_strides_share_it(make_trainer, mixed_rows, session_teacher, tmp_path) -> None:
    options = {"teacher_top_k": TOP, "max_steps": 1}
    stored = {"precompute_teacher": str(tmp_path / "store"), **options}
    make_trainer("distill", mixed_rows, **stored)
    quarter = build_student(session_teacher[0], "conv2d", 4)
    expected = losses(make_trainer("distill", mixed_rows, model=quarter, **options))
    found = losses(make_trainer("distill", mixed_rows, model=quarter, **stored))
    assert found[0] == pytest.approx(expected[0], rel=1e-5)


def test_evaluation_rows_are_stored_beside(make_trainer, mixed_rows, tmp_path, student) -> None:
    live = make_trainer("distill", mixed_rows, teacher_top_k=TOP, per_device_eval_batch_size=3)
    expected = live.evaluate(live.train_dataset)["eval_loss"]
    args = copy.deepcopy(live.args)
    args.precompute_teacher = str(tmp_path / "store")
    trainer = type(live)(
        copy.deepcopy(student[0]),
        args,
        live.train_dataset,
        eval_dataset=live.train_dataset,
        processing_class=live.processing_class,
    )
    assert trainer.evaluate()["eval_loss"] == pytest.approx(expected, rel=1e-5)
    assert (tmp_path / "store" / "eval" / "teacher.json").exists()
    with pytest.raises(ValueError, match="covers the trainer's own data sets only"):
        trainer.evaluate(dataset_of(mixed_rows))


def test_the_tail_lowers_the_divergence_less_the_more_tokens_are_kept(make_trainer, mixed_rows) -> None:
    few, most, whole = (
        loss_of(make_trainer("distill", mixed_rows, ce_weight=0.0, teacher_top_k=top_k), mixed_rows)[0].item()
        for top_k in (TOP, 100, None)
    )
    assert 0 < few < most < whole
    assert most == pytest.approx(whole, rel=0.02)


def test_the_default_loses_a_thousandth_at_most_on_the_packaged_models(make_trainer) -> None:
    """What docs/training/realignment.md says of k = 64, with room for other teachers."""
    model, _ = load_model("tiny-50")
    rows = ocr_pages(["recognition", "table", "chart", "lookup"], 4, 0)
    results = []
    for top_k in (None, STORED_TOP_K):
        trainer = make_trainer("distill", model=model, ce_weight=0.0, teacher_top_k=top_k)
        loss, _ = loss_of(trainer, [rows[index] for index in range(4)])
        trained = [p for p in trainer.model.parameters() if p.requires_grad]
        results.append((loss.item(), torch.cat([g.flatten() for g in torch.autograd.grad(loss, trained)])))
    (whole, gradient), (kept, kept_gradient) = results
    assert kept == pytest.approx(whole, rel=1e-3)
    assert (kept_gradient - gradient).norm() < 1e-3 * gradient.norm()


def test_the_default_keeps_64_tokens(make_trainer, mixed_rows, tmp_path) -> None:
    trainer = make_trainer("distill", mixed_rows, precompute_teacher=str(tmp_path))
    (batch,) = trainer.get_train_dataloader()
    assert batch["teacher_token_ids"].shape[1] == 64


def changed_rows(rows: list[Row]) -> list[Row]:
    """The same rows with another answer in one of them."""
    changed = copy.copy(rows)
    changed[1] = row(rows[1]["images"], "Read.", "an answer of a different kind")
    return changed


def test_another_teacher_and_other_data_are_refused(make_trainer, mixed_rows, student, tmp_path) -> None:
    options = {"precompute_teacher": str(tmp_path / "store"), "teacher_top_k": TOP}
    make_trainer("distill", mixed_rows, **options)
    other = copy.deepcopy(student[0])
    other.model.multi_modal_projector.linear_2.weight.data += 1
    with pytest.raises(ValueError, match="with another teacher;"):
        make_trainer("distill", mixed_rows, model=other, **options)
    with pytest.raises(ValueError, match="with another data;"):
        make_trainer("distill", changed_rows(mixed_rows), **options)
    with pytest.raises(ValueError, match="with another temperature;"):
        make_trainer("distill", mixed_rows, **options, temperature=2.0)


def test_a_row_that_changes_later_is_noticed(make_trainer, mixed_rows, tmp_path) -> None:
    trainer = make_trainer("distill", mixed_rows, precompute_teacher=str(tmp_path / "store"), teacher_top_k=TOP)
    mixed_rows[:] = changed_rows(mixed_rows)
    with pytest.raises(ValueError, match="a row differs from what the stored teacher saw"):
        trainer.train()


def test_rows_that_are_skipped_need_no_teacher(make_trainer, mixed_rows, tmp_path) -> None:
    bad = {"images": "no images", "messages": []}
    long = row([], "Say a lot.", "a long answer " * 20)
    rows = [mixed_rows[0], bad, long, mixed_rows[1]]
    options = {"teacher_top_k": TOP, "max_steps": 1, "context_length": 200, "max_bad_rows": 2}
    live = losses(make_trainer("distill", rows, **options))
    options |= {"output_dir": str(tmp_path / "stored"), "precompute_teacher": str(tmp_path / "store")}
    stored = losses(make_trainer("distill", rows, **options))
    assert stored[0] == pytest.approx(live[0], rel=1e-5)
    starts = load_file(tmp_path / "store" / "000000.safetensors")["starts"].diff()
    assert starts[1] == 0
    assert (starts[[0, 2, 3]] > 0).all()


def test_streams_are_refused(make_trainer, mixed_rows, tmp_path, student) -> None:
    trainer = make_trainer("distill", mixed_rows)
    trainer.args.precompute_teacher, trainer.args.teacher_top_k = str(tmp_path / "store"), TOP
    stream = (
        trainer.train_dataset.with_format(None).to_iterable_dataset().map(lambda example: mixed_rows[example["index"]])
    )
    with pytest.raises(ValueError, match="needs a data set with a length"):
        type(trainer)(student[0], trainer.args, stream, processing_class=trainer.processing_class)
    assert not (tmp_path / "store").exists()


OPTIONS = "--max_steps 2 --ocr_size 800 --ocr_tasks recognition --dataloader_num_workers 0 --save_strategy no"
OPTIONS += " --use_cpu true --per_device_train_batch_size 8 --train_sampling_strategy sequential"


@pytest.mark.slow
def test_killed_while_writing_it_goes_on_without_duplicates_or_holes(teacher_folder, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    store = tmp_path / "store"

    def command(out: str, *more: str) -> list[str]:
        start = [sys.executable, "-m", "fcotvl_hf.scripts.distill", "--student", str(tmp_path / "student")]
        return [*start, "--output_dir", str(tmp_path / out), *OPTIONS.split(), "--teacher_top_k", "20", *more]

    stored = ["--precompute_teacher", str(store)]
    environment = os.environ | {"TQDM_DISABLE": "1"}
    killed = subprocess.Popen(command("killed", *stored), env=environment)
    deadline = time.monotonic() + 300
    while len(list(store.glob("0*.safetensors"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = {path: path.stat().st_mtime_ns for path in store.glob("0*.safetensors")}
    assert 2 <= len(before) < 4

    subprocess.run(command("stored", *stored), env=environment, check=True, timeout=600)
    subprocess.run(command("live"), env=environment, check=True, timeout=600)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert TeacherStore(store, 800).missing() == []
    for one, other in zip(*(read_log(tmp_path / name / "log.jsonl") for name in ("stored", "live")), strict=True):
        assert one["kl"] == pytest.approx(other["kl"], rel=1e-5)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-5)


@pytest.mark.slow
def test_two_processes_write_it_together(teacher_folder, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    rows = 300  # more than a shard
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    script = ["-m", "fcotvl_hf.scripts.distill", "--student", str(tmp_path / "student"), *OPTIONS.split()]
    script += ["--ocr_size", str(rows)]
    for name in ("both", "again"):
        options = ["--precompute_teacher", str(tmp_path / "store"), "--output_dir", str(tmp_path / name)]
        subprocess.run([*launch, *script, *options], check=True, timeout=600)
    assert TeacherStore(tmp_path / "store", rows).missing() == []
    logs = [read_log(tmp_path / name / "log.jsonl") for name in ("both", "again")]
    assert [entry["loss"] for entry in logs[0]] == [entry["loss"] for entry in logs[1]]
