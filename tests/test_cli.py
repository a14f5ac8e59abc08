"""The command: what it calls, its exit status, and errors of one line."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fcotvl_hf import __version__, cli
from fcotvl_hf.modeling import COMPRESSORS

KINDS = ", ".join(COMPRESSORS)

pytestmark = pytest.mark.usefixtures("own_process")


@pytest.fixture
def page_file(tmp_path: Path, page: Image.Image) -> str:
    page.save(tmp_path / "page.png")
    return str(tmp_path / "page.png")


def _usage_error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as left:
        cli.main(argv)
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for option, told in (("--version", f"fcotvl {__version__}"), ("--help", "fcotvl ask tiny page.png")):
        with pytest.raises(SystemExit) as left:
            cli.main([option])
        assert left.value.code == 0
        assert told in capsys.readouterr().out


@pytest.mark.parametrize("command", ["demo", "ask", "app", "tokens", "eval", "score", "init"])
def test_every_command_shows_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    assert f"examples:\n  fcotvl {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "fcotvl: error: the following arguments are required: COMMAND"),
        (["ask", "tiny"], "fcotvl ask: error: the following arguments are required: IMAGE, question"),
        (["init", "tiny", "out"], "one of the arguments --stride --compression is required"),
        (["init", "tiny", "out", "--stride", "2", "--compression", "0.5"], "not allowed with argument --stride"),
        (["init", "tiny", "out", "--stride", "0"], "'0' is not a whole number of at least 1"),
        (["init", "tiny", "out", "--compression", "0.6"], "choose one of 0.5 (stride 2), 0.75 (stride 4)"),
        (["init", "tiny", "out", "--compression", "half"], "argument --compression"),
        (["demo", "--size", "3"], "unrecognized arguments: --size 3"),
    ],
)
def test_bad_arguments_leave_with_2(argv: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in _usage_error(capsys, *argv)


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        (",", [], "',' names no model; give a folder, a Hub id or one of tiny, tiny-50, tiny-75"),
        ("", [], "'' names no model; give a folder, a Hub id or one of tiny, tiny-50, tiny-75"),
        ("a/b", ["--compare"], "--compare needs several models; name them with commas: a/b,OTHER"),
    ],
)
def test_ask_needs_models(
    model: str, options: list[str], told: str, page_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["ask", model, page_file, "Read.", *options]) == 2
    assert capsys.readouterr() == ("", f"fcotvl ask: error: {told}\n")


def test_failed_run_is_1_and_one_line(page_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ask", str(tmp_path / "absent"), page_file, "Read."]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"fcotvl ask: error: no model at {tmp_path / 'absent'}; give a model folder")
    assert told.count("\n") == 1


@pytest.mark.parametrize("argv", [["--debug", "ask"], ["ask", "--debug"]])
def test_debug_shows_the_traceback(
    argv: list[str], page_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*argv, str(tmp_path / "absent"), page_file, "Read."]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_demo_gets_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("fcotvl_hf.demo.run_demo", lambda *args: calls.append(args))
    assert cli.main(["demo"]) == 0
    assert cli.main(["demo", "--out", "here", "--quick", "--seed", "7"]) == 0
    assert calls == [(Path("demo"), False, 0), (Path("here"), True, 7)]


@pytest.mark.parametrize("command", ["distill", "sft"])
def test_training_scripts_get_their_arguments_untouched(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(f"fcotvl_hf.scripts.{command}.main", calls.append)
    argv = ["--config", "r.yaml", "--debug", "underflow_overflow", "--learning_rate=1e-4", "--help"]
    assert cli.main([command, *argv]) == 0
    assert calls == [argv]


def test_init_then_ask(
    teacher_folder: Path, page_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = tmp_path / "student"
    assert cli.main(["init", str(teacher_folder), str(student), "--compression", "0.5"]) == 0
    assert f"{student}: 8 visual tokens per tile, 50 % fewer than its teacher\n" in capsys.readouterr().err
    assert cli.main(["ask", str(student), page_file, "Read the text.", "--json", "--max-new-tokens", "3"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["model"], told["tiles"], told["visual_tokens"]) == (str(student), 3, 24)
    assert "visual tokens 24" in captured.err


@pytest.mark.parametrize(
    ("teacher", "options", "told"),
    [
        ("tiny", ["3"], "compressor_stride=3 does not divide the 4 visual tokens of a row; choose one of 1, 2, 4"),
        ("tiny", ["2", "--compressor", "magic"], f"unknown compressor_type 'magic'; choose from {KINDS}"),
        ("tiny", ["2", "--compressor", "none"], 'compressor_type="none" needs compressor_stride=1, not 2'),
        (
            "tiny-50",
            ["2"],
            "the teacher has a conv1d compressor of stride 2; a student is made from a model without, or, if both have "
            "the same conv1d or mean compressor, from one of half or a quarter of its stride",
        ),
    ],
)
def test_init_sees_bad_arguments_before_it_reads_weights(
    teacher: str,
    options: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delattr("fcotvl_hf.conversion.student.open_checkpoint")
    assert cli.main(["init", teacher, str(tmp_path / "out"), "--stride", *options]) == 2
    assert capsys.readouterr().err == f"fcotvl init: error: {told}\n"
    assert not list(tmp_path.iterdir())


def test_nothing_to_train_is_a_bad_argument(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sft", "--output_dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("fcotvl sft: error: nothing to train: give --student")


def test_init_keeps_an_existing_folder(
    teacher_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert cli.main(["init", str(teacher_folder), str(tmp_path), "--stride", "2"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
