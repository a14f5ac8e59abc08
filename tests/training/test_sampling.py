"""The loss of each data set is logged, and rows are drawn by it, the same after a resume."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from PIL import Image

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.scripts import sft
from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.coarse_run import LEAST, coarse_subset
from fcotvl_hf.training.run import run
from fcotvl_hf.training.source_losses import SourceLosses, means
from tests.training.conftest import row

SOURCES = {"ocr_mix/recognition", "ocr_mix/lookup"}


@pytest.fixture
def two_sources() -> Dataset:
    """Twelve rows of one tile from two data sets."""
    image = Image.effect_noise((112, 112), 60).convert("RGB")
    rows = [row([image], "Read.", letter * length) for letter, length in zip("abcdefghijkl", range(1, 13), strict=True)]
    columns = {"index": range(12), "source": ["short"] * 6 + ["long"] * 6}

    def pick(batch: dict[str, list]) -> dict[str, list]:
        picked = {key: [rows[index][key] for index in batch["index"]] for key in ("images", "messages")}
        return picked | {"source": batch["source"]}

    return Dataset.from_dict(columns).with_transform(pick)


def log_of(folder: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in entry.items() if "per_second" not in k} for entry in read_log(folder / "log.jsonl")]


def test_losses_are_summed_by_source_padded_or_packed() -> None:
    sources = ["a", "b", "a", ""]
    padded, packed = SourceLosses(), SourceLosses()
    losses = torch.tensor([[1.0, 0.0], [2.0, 4.0], [3.0, 0.0], [9.0, 9.0]])
    padded.add(losses, losses > 0, torch.arange(4), sources)
    in_one = torch.tensor([[1.0, 0.0, 2.0, 4.0, 0.0, 3.0, 0.0, 9.0, 9.0, 0.0]])
    row_of = torch.tensor([[0, 0, 1, 1, 1, 2, 2, 3, 3, 3, -1]])
    packed.add(in_one, in_one > 0, row_of, sources)
    for found in (padded, packed):
        assert found.take_logged() == {"a": 2.0, "b": 3.0}
        assert found.take_logged() == {}
        assert means(found.epoch) == {"a": 2.0, "b": 3.0}


def test_each_source_has_its_loss_in_the_log(make_trainer, two_sources, tmp_path) -> None:
    run(make_trainer("sft", two_sources, max_steps=2, per_device_train_batch_size=12))
    for entry in log_of(tmp_path / "run"):
        each = [entry[f"loss/{source}"] for source in ("short", "long")]
        assert min(each) <= entry["loss"] <= max(each)
        assert min(each) < max(each)


def test_resumed_run_draws_what_the_straight_one_draws(make_trainer, two_sources, tmp_path) -> None:
    options = {"sampling_update": True, "max_steps": 7, "per_device_train_batch_size": 2, "drop_path": 0.5}
    options |= {"gradient_accumulation_steps": 2, "save_strategy": "steps", "save_steps": 1}

    def trained(name: str, **more: str) -> None:
        trainer = make_trainer("sft", two_sources, output_dir=str(tmp_path / name), **options, **more)
        run(trainer)

    trained("straight")
    straight = log_of(tmp_path / "straight")
    rounds = json.loads((tmp_path / "straight" / "sampling_rounds.json").read_text())
    assert len(rounds) == 2
    assert rounds[0]["probabilities"] != rounds[1]["probabilities"]
    assert set(rounds[0]["losses"]) == {"short", "long"}
    for saved in (2, 3, 5):  # inside an epoch of 3 steps, at its end, in the second one
        folder = tmp_path / f"from-{saved}"
        shutil.copytree(tmp_path / "straight" / f"checkpoint-{saved}", folder / f"checkpoint-{saved}")
        trained(folder.name, resume_from_checkpoint="true")
        assert log_of(folder) == straight[saved:]
        assert json.loads((folder / "sampling_rounds.json").read_text()) == rounds


def test_a_coarse_run_has_some_rows_of_every_source() -> None:
    sources = ["many"] * 5000 + ["few"] * 40 + ["fewer"] * 10
    subset = coarse_subset(sources, 0.1, seed=0)
    assert {name: sum(sources[index] == name for index in subset) for name in ("many", "few", "fewer")} == {
        "many": 500,
        "few": LEAST,
        "fewer": 10,
    }
    assert len(set(subset)) == len(subset)
    assert subset != coarse_subset(sources, 0.1, seed=1)


def test_auto_samples_by_the_losses_of_its_coarse_run(teacher_folder, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    out = tmp_path / "run"
    options = ["--student", str(tmp_path / "student"), "--output_dir", str(out), "--sampling", "auto"]
    options += ["--ocr_tasks", "recognition", "lookup", "--ocr_size", "72", "--coarse_share", "0.2"]
    options += ["--per_device_train_batch_size", "8", "--dataloader_num_workers", "0", "--disable_tqdm", "true"]
    options += ["--save_steps", "1", "--learning_rate", "1e-3"]
    sft.main([*options, "--max_steps", "2"])
    found = json.loads((out / "sampling.json").read_text())
    assert found["rows"] == {"ocr_mix/lookup": 36, "ocr_mix/recognition": 36}
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    easy, hard = sorted(SOURCES, key=found["losses"].__getitem__)
    assert found["probabilities"][easy] < 0.5 < found["probabilities"][hard]
    assert len(log_of(out / "coarse")) == 8
    assert not list((out / "coarse").glob("checkpoint-*"))
    written = (out / "sampling.json").stat().st_mtime_ns
    sft.main([*options, "--max_steps", "3", "--resume_from_checkpoint", "true"])
    assert (out / "sampling.json").stat().st_mtime_ns == written
    assert [entry["step"] for entry in log_of(out)] == [1, 2, 3]


def test_probabilities_from_a_file_are_drawn_by(make_trainer, tmp_path) -> None:
    file = tmp_path / "sampling.json"
    file.write_text(json.dumps({"probabilities": {"ocr_mix/recognition": 0.75, "ocr_mix/lookup": 0.25}}))
    trainer = make_trainer("sft", sampling=str(file))
    batches = list(trainer.get_train_dataloader())
    drawn = [source for batch in batches for source in batch["rows"].sources]
    assert len(drawn) == 64
    assert drawn.count("ocr_mix/recognition") == 48


@pytest.mark.parametrize(
    ("content", "message"),
    [('{"probabilities": {"a": 1}}', "but the rows come from"), ("[]", "holds no JSON object"), ("{", "holds no JSON")],
)
def test_files_that_do_not_fit_are_named(make_trainer, tmp_path, content, message) -> None:
    file = tmp_path / "sampling.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        make_trainer("sft", sampling=str(file))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampling": "no.json"}, "uniform, auto or a file, and there is no file no.json"),
        ({"sampling": "auto", "train_sampling_strategy": "sequential"}, "leave train_sampling_strategy at random"),
        ({"coarse_share": 0.0}, "coarse_share must be above 0"),
    ],
)
def test_options_that_cannot_hold_are_refused(make_trainer, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        make_trainer("sft", **options)


def test_rows_without_a_source_cannot_be_sampled(make_trainer, mixed_rows) -> None:
    with pytest.raises(ValueError, match="a column source"):
        make_trainer("sft", mixed_rows, sampling_update=True)
