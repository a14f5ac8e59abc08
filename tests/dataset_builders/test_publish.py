"""A data set on disk is whole shards and a card, the same whoever wrote it and however often they were killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard
from PIL import Image

from fcotvl_hf.dataset_builders import degradation
from fcotvl_hf.dataset_builders.card import About, Source
from fcotvl_hf.dataset_builders.ocr_mix.presets import PRESETS
from fcotvl_hf.dataset_builders.parts import SMALLEST_SHARD, Drawn, Dropped, Part
from fcotvl_hf.dataset_builders.publish import Writing, push_dataset, write_dataset
from fcotvl_hf.dataset_builders.shards import FEATURES

ABOUT = About("pages", "Pages", "Numbered pages.", {"seed": 0}, "fcotvl data ocr")
TWO_SHARDS = SMALLEST_SHARD + 1


def _row(index: int) -> dict[str, Any]:
    says = [{"type": "text", "text": f"page {index}"}]
    return {
        "id": f"page-{index}",
        "images": [Image.new("RGB", (600, 300), (index % 256, 0, 0))],
        "messages": [{"role": "user", "content": says}, {"role": "assistant", "content": says}],
        "source": "tests",
        "task": "page",
        "meta": json.dumps({"clean": index % 2 == 0, "language": "en"}),
    }


def _pages(size: int = 3, rows: Callable[[range], Any] | None = None) -> list[Part]:
    return [Part("pages", "train", size, rows or Drawn(_row))]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_configuration_loads_whole_and_as_a_stream(tmp_path: Path) -> None:
    write_dataset(tmp_path / "set", _pages(TWO_SHARDS), ABOUT)
    rows = load_dataset(str(tmp_path / "set"), "pages", split="train")
    assert rows.features == FEATURES
    assert rows["id"] == [f"page-{index}" for index in range(TWO_SHARDS)]
    assert rows[2]["images"][0].getpixel((0, 0)) == (2, 0, 0)
    stream = load_dataset(str(tmp_path / "set"), "pages", split="train", streaming=True)
    assert next(iter(stream))["messages"] == _row(0)["messages"]
    names = sorted(path.name for path in (tmp_path / "set" / "pages").iterdir())
    assert names == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]


def test_scans_stay_jpegs(tmp_path: Path) -> None:
    scanned = degradation.scan(_row(0)["images"][0], Random(0), clean_share=0)[0]
    write_dataset(tmp_path / "set", _pages(1, lambda indices: [{**_row(0), "images": [scanned]}]), ABOUT)
    stored = load_dataset(str(tmp_path / "set"), split="train")[0]["images"][0]
    assert stored.format == "JPEG"
    assert np.abs(np.asarray(stored, dtype=int) - np.asarray(scanned, dtype=int)).mean() < 0.5


def test_an_index_may_give_several_rows_or_none(tmp_path: Path) -> None:
    def rows(indices: range) -> Iterator[Any]:
        for index in indices:
            yield from [Dropped("answer not verified")] if index == 1 else [_row(2 * index), _row(2 * index + 1)]

    facts = write_dataset(tmp_path / "set", _pages(3, rows), ABOUT)[("pages", "train")]
    assert (facts.rows, facts.clean, dict(facts.dropped)) == (4, 2, {"answer not verified": 1})
    assert "answer not verified: 1" in (tmp_path / "set" / "README.md").read_text()


def test_the_card_tells_configurations_figures_and_licences(tmp_path: Path) -> None:
    sources = (Source("some/set", "GPL-3.0", "test split", redistributable=False),)
    about = About(**{**vars(ABOUT), "sources": sources, "configs": {"pages": "numbers in red"}})
    write_dataset(tmp_path / "set", _pages(), about, Writing(preview=True))
    card = DatasetCard.load(tmp_path / "set" / "README.md")
    files = [{"split": "train", "path": "pages/train-*.parquet"}]
    assert card.data.configs == [{"config_name": "pages", "data_files": files}]
    assert card.data.dataset_info["splits"][0]["num_examples"] == 3
    assert "numbers in red" in card.text and "preview/pages.png" in card.text
    assert "| some/set | GPL-3.0 | test split **Download only" in card.text
    assert "| pages | train | 3 | 0 | 2 | 3 | 0.18 | 3.0 | 6 |" in card.text  # 600 × 300 are 2 tiles and a thumbnail
    for picture in ("preview.png", "preview/pages.png"):
        with Image.open(tmp_path / "set" / picture) as sheet:
            assert min(sheet.size) > 400


def test_processes_make_no_difference(tmp_path: Path) -> None:
    for num_proc in (1, 2):
        parts = PRESETS["tiny"].parts(8, seed=5)
        write_dataset(tmp_path / str(num_proc), parts, ABOUT, Writing(num_proc))
    assert _files(tmp_path / "1") == _files(tmp_path / "2")


def test_work_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fcotvl_hf.cli", "data", "ocr", "--out", "set", "--size", "400", "--num-proc", "1"]
    command += ["--preset", "tiny"]
    killed = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob("set/recognition/train-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    (tmp_path / "set" / "recognition" / ".train.part").write_text("half")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert kept and not (tmp_path / "set" / "README.md").exists()
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert not list(tmp_path.rglob("*.part"))
    for config in ("recognition", "table", "chart", "lookup"):
        rows = load_dataset(str(tmp_path / "set"), config, split="train")
        assert rows["id"] == [f"{config}-{seed}" for seed in range(100)]


@pytest.mark.slow
def test_processes_die_with_their_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fcotvl_hf.cli", "data", "ocr", "--out", "set", "--size", "40000"]
    killed = subprocess.Popen([*command, "--preset", "tiny", "--num-proc", "2"], cwd=tmp_path, start_new_session=True)
    while not list(tmp_path.glob("set/*/train-*")):
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.killpg(killed.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.2)
    os.killpg(killed.pid, signal.SIGKILL)
    pytest.fail("the processes outlived their parent by a minute")


def test_a_full_disk_leaves_whole_shards(
    tmp_path: Path, full_disk: Callable[..., AbstractContextManager[None]]
) -> None:
    def growing(indices: range) -> Iterator[Any]:
        yield from (_row(index) if indices.start == 0 else _noisy(index) for index in indices)

    with full_disk(60_000), pytest.raises(OSError, match=r"train-00001-of-00002.parquet could not be written: .*free"):
        write_dataset(tmp_path / "set", _pages(TWO_SHARDS, growing), ABOUT)
    names = sorted(path.name for path in (tmp_path / "set").rglob("*") if path.is_file())
    assert names == ["build.json", "train-00000-of-00002.parquet"]
    write_dataset(tmp_path / "set", _pages(TWO_SHARDS, growing), ABOUT)
    assert load_dataset(str(tmp_path / "set"), split="train").num_rows == TWO_SHARDS


def test_a_damaged_shard_is_written_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_dataset(tmp_path / "set", _pages(), ABOUT)
    whole = _files(tmp_path / "set")
    (shard,) = (tmp_path / "set" / "pages").iterdir()
    shard.write_bytes(shard.read_bytes()[:100])
    write_dataset(tmp_path / "set", _pages(), ABOUT)
    assert "is damaged; it is written again" in caplog.text
    assert _files(tmp_path / "set") == whole


def test_other_settings_need_another_folder(tmp_path: Path) -> None:
    write_dataset(tmp_path / "set", _pages(), ABOUT)
    other = About(**{**vars(ABOUT), "settings": {"seed": 1}})
    with pytest.raises(ValueError, match=r"begun with other settings \(seed 0, not 1\); choose another folder"):
        write_dataset(tmp_path / "set", _pages(), other)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is no data set begun here"):
        write_dataset(tmp_path, _pages(), ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_bad_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a row of pages/train-00000-of-00001.parquet lacks messages, task"):
        write_dataset(tmp_path / "set", _pages(1, Drawn(_incomplete)), ABOUT)
    with pytest.raises(ValueError, match="without rows"):
        write_dataset(tmp_path / "none", [], ABOUT)


def test_only_finished_data_sets_are_pushed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no README.md: it is no dataset, or an unfinished one"):
        push_dataset(tmp_path, "me/pages")


def _incomplete(index: int) -> dict[str, Any]:
    return {name: value for name, value in _row(index).items() if name not in ("messages", "task")}


def _noisy(index: int) -> dict[str, Any]:
    noise = Image.effect_noise((600, 300), 90).convert("RGB")  # PNG cannot make it small
    return {**_row(index), "images": [noise]}
