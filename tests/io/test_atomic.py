"""A write is whole or not there, whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from fcotvl_hf.io.atomic import atomic_file, atomic_folder, atomic_write


def test_write_text_and_bytes(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a.txt", "grün\n")
    assert (tmp_path / "a.txt").read_bytes() == "grün\n".encode()
    atomic_write(tmp_path / "a.txt", b"\x00")
    assert (tmp_path / "a.txt").read_bytes() == b"\x00"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_write_has_the_permissions_of_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    atomic_write(tmp_path / "atomic", "")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")

    def no_space(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="disk full"):
        atomic_write(file, "new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old"}


def test_folder_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "model"
    with atomic_folder(target) as folder:
        (folder / "weights").write_text("w")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["weights"]
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: (folder / "weights").write_bytes(b"w" * 2000),
        lambda folder: save_file({"weights": torch.zeros(2000)}, folder / "model.safetensors"),
        lambda folder: Tokenizer(WordLevel({str(i): i for i in range(500)}, "0")).save(str(folder / "tokenizer.json")),
    ],
    ids=["python", "safetensors", "tokenizers"],
)
def test_a_full_disk_is_said_of_the_target(tmp_path: Path, full_disk, write) -> None:
    message = rf"{tmp_path}/model could not be written: .*; free some"
    with full_disk(), pytest.raises(OSError, match=message), atomic_folder(tmp_path / "model") as folder:
        write(folder)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, full_disk) -> None:
    (tmp_path / "a.txt").write_text("old")
    with full_disk(), pytest.raises(OSError, match=r"a\.txt could not be written: .*; free some"):
        atomic_write(tmp_path / "a.txt", "new" * 1000)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), atomic_folder(tmp_path / "model") as folder:
        (folder / "weights").write_text("w")
        raise error
    assert not list(tmp_path.iterdir())


def test_existing_folder_is_refused_before_work(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("old")
    with pytest.raises(FileExistsError, match="exists already"), atomic_folder(tmp_path):
        pytest.fail("the work began")
    with pytest.raises(NotADirectoryError, match="is a file"), atomic_folder(tmp_path / "kept", overwrite=True):
        pytest.fail("the work began")


def test_overwrite_swaps_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("o")
    with pytest.raises(RuntimeError), atomic_folder(target, overwrite=True) as folder:
        (folder / "new").write_text("n")
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["old"]
    with atomic_folder(target, overwrite=True) as folder:
        (folder / "new").write_text("n")
        assert (target / "old").exists()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_nothing(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell starts us deaf to it\n"
        "from fcotvl_hf.io.atomic import atomic_folder\n"
        "with atomic_folder(sys.argv[1]) as folder:\n"
        "    (folder / 'weights').write_text('w')\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "model")], stderr=subprocess.DEVNULL)
    while not list(tmp_path.rglob("weights")):
        assert process.poll() is None, "ended before it was interrupted"
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=20) != 0
    assert not list(tmp_path.iterdir())


def test_a_file_written_piece_by_piece_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "rows.bin"
    with atomic_file(target) as unfinished:
        unfinished.write_bytes(b"rows")
        assert not target.exists()
    assert target.read_bytes() == b"rows"
    with pytest.raises(RuntimeError), atomic_file(target) as unfinished:
        unfinished.write_bytes(b"half")
        raise RuntimeError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"rows.bin": b"rows"}
