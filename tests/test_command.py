"""Whatever goes wrong in a command, the user gets one line and a status that scripts can tell apart."""

import os
import runpy
import sys
from pathlib import Path

import pytest

from fcotvl_hf.command import UsageError, run_command

pytestmark = pytest.mark.usefixtures("own_process")


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (KeyboardInterrupt(), 130, "it: interrupted\n"),
        (OSError("no\n  file"), 1, "it: error: no file\n"),
        (UsageError("not so"), 2, "it: error: not so\n"),
        (RuntimeError("surprise"), 1, "it: error: RuntimeError: surprise\n"),
    ],
)
def test_an_error_is_one_line_and_a_status(
    error: BaseException, status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    assert run_command("it", fail) == status
    assert capsys.readouterr().err == told


def test_library_progress_stays_off_a_piped_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TQDM_DISABLE")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert run_command("it", lambda: None) == 0
    assert os.environ["TQDM_DISABLE"] == "1"


@pytest.mark.parametrize(
    ("script", "argv", "status", "told"),
    [
        ("train_tiny", ["--warm-start", "./absent", "--threads", "1"], 1, "train_tiny: error: no model at ./absent"),
        ("train_tiny", ["--read-steps", "0"], 2, "train_tiny: error: argument --read-steps: '0' is not"),
        ("score_tiny", ["--beside", "a"], 2, "score_tiny: error: argument --beside: 'a' is not NAME=FOLDER"),
        ("score_tiny", ["--assets", "absent"], 2, "score_tiny: error: nowhere to write"),
        ("results", ["--stages", "magic"], 2, "results: error: argument --stages: invalid choice: 'magic'"),
        ("results", ["--stages"], 2, "results: error: nowhere to write: call it in the repository, or give --root"),
        ("distill", ["--stride", "2"], 2, "fcotvl distill: error: nothing to train"),
        ("sft", ["--compressor", "magic"], 2, "fcotvl sft: error: argument --compressor: invalid choice: 'magic'"),
    ],
)
def test_scripts_end_like_commands(
    script: str,
    argv: list[str],
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [script, *argv])
    monkeypatch.delitem(sys.modules, f"fcotvl_hf.scripts.{script}", raising=False)  # as in a process of its own
    with pytest.raises(SystemExit) as left:
        runpy.run_module(f"fcotvl_hf.scripts.{script}", run_name="__main__")
    assert left.value.code == status
    error = capsys.readouterr().err
    assert error.startswith(told)
    assert error.count("\n") == 1
