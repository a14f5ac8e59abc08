"""Runs on packs: resumed equals straight, micro-batches do not matter, what cannot be packed is dropped or refused."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import IterableDataset

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.data import ocr_pages
from fcotvl_hf.training.run import run
from fcotvl_hf.training.sft_config import FCoTSFTConfig
from fcotvl_hf.training.sft_trainer import FCoTSFTTrainer

from .conftest import row

PACKED = {"packing": True, "context_length": 128, "per_device_train_batch_size": 1}


def losses(folder: Path) -> list[tuple[float, float]]:
    return [(entry["loss"], entry["grad_norm"]) for entry in read_log(folder / "log.jsonl")]


def test_resumed_run_equals_straight_run(make_trainer, tmp_path) -> None:
    straight, resumed = str(tmp_path / "straight"), str(tmp_path / "resumed")
    options = PACKED | {"lr_scheduler_type": "constant"}
    make_trainer("sft", output_dir=straight, max_steps=3, **options).train()
    make_trainer("sft", output_dir=resumed, max_steps=2, **options, save_strategy="steps", save_steps=2).train()
    run(make_trainer("sft", output_dir=resumed, max_steps=3, **options, resume_from_checkpoint="true"))
    assert "by_row" not in (tmp_path / "resumed" / "checkpoint-2" / "config.json").read_text()
    logs = [read_log(Path(folder) / "log.jsonl") for folder in (straight, resumed)]
    for entry in (entry for log in logs for entry in log):
        entry.pop("epoch")  # the share of max_steps
        assert entry["pack_fill"] > 0.8
        for name in [name for name in entry if name.endswith("per_second")]:
            entry.pop(name)
    assert [entry["step"] for entry in logs[1]] == [1, 2, 3]
    assert logs[0] == logs[1]


def test_how_packs_are_put_into_micro_batches_does_not_matter(make_trainer, tmp_path) -> None:
    found = []
    for batch, accumulation in ((2, 1), (1, 2)):
        out = tmp_path / str(batch)
        options = PACKED | {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation}
        make_trainer("sft", output_dir=str(out), drop_path=0.0, max_steps=1, **options).train()
        found.append(losses(out))
    assert found[1] == [pytest.approx(pair, rel=1e-5) for pair in found[0]]


@pytest.mark.slow
def test_two_processes_equal_one(teacher_folder, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    options = "--packing true --context_length 128 --max_steps 2 --ocr_size 64 --dataloader_num_workers 1"
    options += " --drop_path 0 --save_strategy no --use_cpu true --disable_tqdm true"
    for processes in (1, 2):
        launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        script = ["-m", "fcotvl_hf.scripts.sft", "--student", str(tmp_path / "student"), *options.split()]
        batch = ["--per_device_train_batch_size", str(2 // processes), "--output_dir", str(tmp_path / str(processes))]
        subprocess.run([sys.executable, "-m", *launch, *script, *batch], check=True, timeout=300)
    one, two = (losses(tmp_path / str(processes)) for processes in (1, 2))
    assert len(one) == 2
    assert two == [pytest.approx(pair, rel=1e-4) for pair in one]


def test_a_run_sees_all_rows_as_often_as_it_has_epochs(make_trainer, mixed_rows) -> None:
    trainer = make_trainer("sft", mixed_rows, max_steps=-1, num_train_epochs=3, **PACKED)
    packs = list(trainer.get_train_dataloader().batch_sampler.sampler)
    assert sorted(index for pack in packs for index in pack) == sorted([0, 1, 2, 3] * 3)
    trainer.train()
    assert trainer.state.global_step == len(packs) < 12


def test_rows_that_do_not_fit_are_skipped_counted_and_named(make_trainer, mixed_rows, tmp_path) -> None:
    broken = {**mixed_rows[0], "images": []}  # a placeholder without its image
    options = PACKED | {"pack_tiles": 4}  # the third row has five tiles
    trainer = make_trainer("sft", [*mixed_rows, broken], max_steps=-1, num_train_epochs=1, **options)
    trainer.train()
    assert sum(entry.get("skipped_rows", 0) for entry in read_log(tmp_path / "run" / "log.jsonl")) == 2
    lines = [json.loads(line) for line in (tmp_path / "run" / "skipped.jsonl").read_text().splitlines()]
    reasons = {line["row"]: line["reason"] for line in lines}
    assert re.fullmatch(r"\d+ tokens and 5 tiles, a pack holds 128 and 4", reasons.pop("2"))
    assert "does not match number of image placeholders" in reasons.pop("4")
    assert not reasons


def test_losses_of_data_sets_are_those_of_single_rows(make_trainer, tmp_path) -> None:
    logs = []
    for name, options in (("packed", PACKED | {"context_length": 200}), ("single", {})):
        settings = {
            "max_steps": -1,
            "num_train_epochs": 1,
            "drop_path": 0.0,
            **options,
            "gradient_accumulation_steps": 4,
        }
        trainer = make_trainer("sft", output_dir=str(tmp_path / name), **settings)
        trainer.train_dataset = ocr_pages(["recognition", "lookup"], 4, 0)
        trainer.train()
        (entry,) = read_log(tmp_path / name / "log.jsonl")
        logs.append({key: entry[key] for key in ("loss", "loss/ocr_mix/lookup", "loss/ocr_mix/recognition")})
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)
    assert len(set(logs[0].values())) == 3


def test_packs_are_made_of_rows_drawn_by_their_data_sets(make_trainer, tmp_path) -> None:
    file = tmp_path / "sampling.json"
    file.write_text(json.dumps({"probabilities": {"ocr_mix/lookup": 0.25, "ocr_mix/recognition": 0.75}}))
    trainer = make_trainer("sft", sampling=str(file), max_steps=-1, num_train_epochs=1, **PACKED)
    packs = list(trainer.get_train_dataloader().batch_sampler.sampler)
    drawn = [index for pack in packs for index in pack]
    assert len(drawn) == 64
    assert sum(index % 2 == 0 for index in drawn) == 48  # recognition and lookup take turns


def test_evaluation_takes_rows_one_by_one_whatever_their_length(make_trainer, mixed_rows) -> None:
    packed = make_trainer("sft", mixed_rows, **PACKED | {"pack_tiles": 1, "context_length": 1000})
    single = make_trainer("sft", mixed_rows)
    rows = ocr_pages(["recognition"], 4, 7)
    expected = single.evaluate(rows)["eval_loss"]
    assert packed.evaluate(rows)["eval_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context_length": None}, "packing needs context_length"),
        ({"pack_tiles": 0}, "pack_tiles must be positive, not 0"),
        ({"train_sampling_strategy": "group_by_length"}, "use random or sequential"),
        ({"remove_unused_columns": True}, "leave remove_unused_columns"),
        ({"sampling_update": True}, "sampling_update would never come about"),
        ({"context_length": 5}, "context_length 5 is too short: an empty row has [0-9]+ tokens"),
    ],
)
def test_options_that_cannot_work_are_refused(make_trainer, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        make_trainer("sft", **PACKED | options).train()


def test_packed_distillation_stores_no_teacher(make_trainer, tmp_path) -> None:
    with pytest.raises(ValueError, match="precompute_teacher stores rows one by one; leave packing out"):
        make_trainer("distill", **PACKED, precompute_teacher=str(tmp_path / "teacher"))


def test_streams_are_refused(student, tmp_path) -> None:
    model, processor = student
    messages = row([], "Say hello.", "hello")["messages"]
    stream = IterableDataset.from_generator(lambda: iter([{"images": [], "messages": messages}]))
    args = FCoTSFTConfig(output_dir=str(tmp_path), max_steps=1, **PACKED)
    with pytest.raises(ValueError, match="packing needs a data set whose rows can be asked for by number"):
        FCoTSFTTrainer(model, args, stream, processing_class=processor)


def test_flash_attention_takes_one_pack_at_a_time(make_trainer, student) -> None:
    model = student[0]
    model.config.text_config._attn_implementation_internal = "flash_attention_2"
    assert make_trainer("sft", model=model, **PACKED).args.packing
    with pytest.raises(ValueError, match="only in a batch of one pack: set per_device_train_batch_size to 1"):
        make_trainer("sft", model=model, **PACKED | {"per_device_train_batch_size": 2})
