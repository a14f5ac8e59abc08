"""Runs on packs: resumed equals straight, micro-batches do not matter, what cannot be packed is dropped or refused."""

import shutil
from pathlib import Path

import pytest
from datasets import IterableDataset

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
    options = PACKED | {"save_strategy": "steps", "save_steps": 2, "lr_scheduler_type": "constant"}
    run(make_trainer("sft", output_dir=straight, max_steps=4, **options))
    run(make_trainer("sft", output_dir=resumed, max_steps=3, **options))
    shutil.rmtree(tmp_path / "resumed" / "checkpoint-3")
    run(make_trainer("sft", output_dir=resumed, max_steps=4, resume_from_checkpoint="true", **options))
    logs = [read_log(Path(folder) / "log.jsonl") for folder in (straight, resumed)]
    for entry in (entry for log in logs for entry in log):
        entry.pop("epoch")  # the share of max_steps
        assert entry["pack_fill"] > 0.8
        assert entry["dropped_rows"] == 0
    assert [entry["step"] for entry in logs[1]] == [1, 2, 3, 4]
    assert logs[0] == logs[1]


def test_how_packs_are_put_into_micro_batches_does_not_matter(make_trainer, tmp_path) -> None:
    found = []
    for batch, accumulation in ((4, 1), (2, 2), (1, 4)):
        out = tmp_path / str(batch)
        options = PACKED | {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation}
        make_trainer("sft", output_dir=str(out), **options).train()
        found.append(losses(out))
    for other in found[1:]:
        assert other == [pytest.approx(pair, rel=1e-4) for pair in found[0]]


def test_a_run_sees_all_rows_as_often_as_it_has_epochs(make_trainer, mixed_rows, tmp_path) -> None:
    trainer = make_trainer("sft", mixed_rows, max_steps=-1, num_train_epochs=3, **PACKED)
    trainer.train()
    packs = list(trainer.get_train_dataloader().batch_sampler.sampler)
    assert sorted(index for pack in packs for index in pack) == sorted([0, 1, 2, 3] * 3)
    assert trainer.state.global_step == len(packs)


def test_rows_that_do_not_fit_are_dropped_counted_and_named(make_trainer, mixed_rows, tmp_path, caplog) -> None:
    trainer = make_trainer("sft", mixed_rows, **PACKED | {"pack_tiles": 4})  # the third row has five tiles
    trainer.train()
    assert [entry["dropped_rows"] for entry in read_log(tmp_path / "run" / "log.jsonl")] == [1, 1]
    assert caplog.text.count("row 2 is left out") == 1
    assert {index for pack in trainer.get_train_dataloader().batch_sampler.sampler for index in pack} == {0, 1, 3}


def test_evaluation_takes_rows_one_by_one_whatever_their_length(make_trainer, mixed_rows) -> None:
    packed = make_trainer("sft", mixed_rows, **PACKED | {"pack_tiles": 1})
    single = make_trainer("sft", mixed_rows)
    rows = ocr_pages(["recognition"], 4, 7)
    expected = single.evaluate(rows)["eval_loss"]
    assert packed.evaluate(rows)["eval_loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context_length": 0}, "context_length and pack_tiles must be at least 1"),
        ({"pack_tiles": 0}, "context_length and pack_tiles must be at least 1"),
        ({"train_sampling_strategy": "group_by_length"}, "use random or sequential"),
        ({"remove_unused_columns": True}, "leave remove_unused_columns"),
        ({"context_length": 5, "max_steps": -1}, "no row fits into a pack of 5 tokens and 64 tiles; raise"),
    ],
)
def test_options_that_cannot_work_are_refused(make_trainer, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        make_trainer("sft", **PACKED | options)


def test_nothing_that_fits_ends_a_run(make_trainer) -> None:
    with pytest.raises(ValueError, match="no row fits into a pack of 5 tokens"):
        make_trainer("sft", **PACKED | {"context_length": 5}).train()


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
