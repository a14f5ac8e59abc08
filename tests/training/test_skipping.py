"""Rows that cannot be used cost nothing but themselves: they are named, counted, and too many of them end the run."""

import json

import pytest
import torch
from datasets import Dataset, Features, Image, List, Value
from PIL import Image as Picture

from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.run import run
from fcotvl_hf.training.skipping import ROWS, ReadableRows, SkippingCollator, UnreadableRow
from tests.training.conftest import row


@pytest.fixture
def good(page) -> list[dict]:
    return [{"id": f"good-{number}", "source": "s", **row([page], "Read.", "x" * number)} for number in (1, 2)]


@pytest.fixture
def collator(make_trainer, good) -> SkippingCollator:
    return make_trainer("sft", good).data_collator


def test_a_batch_names_its_rows(collator, good) -> None:
    assert collator(good)[ROWS] == (["good-1", "good-2"], ["s", "s"], [])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_spoilt_row_leaves_a_blank_one_without_loss(collator, good, page, place) -> None:
    rows = [*good]
    rows.insert(place, {"id": "bad", "source": "s", **row([page], "Two?", "x"), "images": [page, page]})
    batch = collator(rows)
    assert [bad for bad, _ in batch[ROWS].skipped] == ["bad"]
    assert "does not match number of image placeholders" in batch[ROWS].skipped[0][1]
    assert batch[ROWS].sources[place] == ""
    assert (batch["labels"] != -100).any(dim=1).tolist() == [number != place for number in range(3)]
    for key, expected in collator(good).items():
        if key in ("labels", "pixel_values"):
            kept = batch[key] if key == "pixel_values" else batch[key][[n for n in range(3) if n != place]]
            assert torch.equal(kept[..., : expected.shape[-1]], expected)


def test_rows_longer_than_the_context_are_skipped_never_cut(collator, good) -> None:
    lengths = collator(good)["attention_mask"].sum(dim=1).tolist()
    collator.context_length = lengths[0]
    batch = collator(good)
    assert batch[ROWS].skipped == [("good-2", f"{lengths[1]} tokens, more than context_length {lengths[0]}")]
    assert batch["attention_mask"].sum(dim=1)[0] == lengths[0]


def test_a_batch_of_nothing_but_bad_rows_has_no_loss(make_trainer, good) -> None:
    trainer = make_trainer("sft", good)
    batch = trainer.data_collator([UnreadableRow("7", "broken"), UnreadableRow("8", "broken")])
    assert batch[ROWS] == (["7", "8"], ["", ""], [("7", "broken"), ("8", "broken")])
    assert (batch["labels"] == -100).all()
    loss = trainer.training_step(trainer.model, batch, torch.tensor(0))
    assert loss.item() == 0


def corrupt_dataset(good: list[dict], bad: int) -> Dataset:
    """Good rows, and ``bad`` rows whose image is cut off."""
    text = {"type": Value("string"), "text": Value("string")}
    message = {"role": Value("string"), "content": List(text)}
    columns = {"id": Value("string"), "images": List(Image()), "messages": List(message)}
    rows = Dataset.from_list(
        [{key: entry[key] for key in columns} for entry in good for _ in range(8)], features=Features(columns)
    )
    broken = rows.with_format("arrow")[:bad].to_pylist()
    for number, entry in enumerate(broken):
        entry["id"] = f"bad-{number}"
        entry["images"] = [{"bytes": image["bytes"][:60], "path": None} for image in entry["images"]]
    cut = rows.with_format("arrow")[:].to_pylist() + broken
    return Dataset.from_list(cut, features=Features(columns))


def test_a_corrupt_image_is_unreadable_and_its_neighbours_are_not(good) -> None:
    rows = ReadableRows(corrupt_dataset(good, 1))
    assert isinstance(rows[0]["images"][0], Picture.Image)
    bad = rows[16]
    assert isinstance(bad, UnreadableRow)
    assert bad.id == "16"
    assert "Error" in bad.reason


@pytest.mark.parametrize("kind", ["distill", "sft"])
def test_a_run_skips_and_counts_corrupt_images(make_trainer, good, kind, tmp_path) -> None:
    trainer = make_trainer(kind, good, max_steps=-1, num_train_epochs=1, per_device_train_batch_size=6)
    trainer.train_dataset = corrupt_dataset(good, 2)
    run(trainer)
    log = read_log(tmp_path / "run" / "log.jsonl")
    assert sum(entry.get("skipped_rows", 0) for entry in log) == 2
    named = [json.loads(line) for line in (tmp_path / "run" / "skipped.jsonl").read_text().splitlines()]
    assert {entry["row"] for entry in named} == {"16", "17"}


def test_too_many_of_them_end_the_run(make_trainer, good) -> None:
    trainer = make_trainer("sft", good, max_bad_rows=1, per_device_train_batch_size=18)
    trainer.train_dataset = corrupt_dataset(good, 2)
    with pytest.raises(ValueError, match="2 rows could not be used, more than max_bad_rows 1; .*skipped.jsonl names"):
        run(trainer)
