"""docs/app.md: its commands parse, its program runs, and its figures are the app's."""

import re
import shlex
import socket
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fcotvl_hf.app import limits
from fcotvl_hf.app.names import MODELS_VARIABLE
from fcotvl_hf.cli import main, make_parser
from tests.docs.pages import DOCS, blocks

PATH = DOCS / "app.md"
PAGE = PATH.read_text()


def _blocks(kind: str) -> list[str]:
    return [block.text for block in blocks(PATH, kind)]


def test_commands_parse() -> None:
    (block,) = _blocks("bash")
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert [line[0] for line in lines] == ["pip", "fcotvl", "fcotvl", "fcotvl"]
    for line in lines[1:]:
        assert make_parser().parse_args(line[1:]).command == "app"


def test_the_program_runs(
    server: Any, page: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page.save("page.png")
    (program,) = _blocks("python")
    exec(program.replace("http://127.0.0.1:7860/", server.url).replace("256", "16"), {})
    told = [line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.startswith("tiny")]
    assert told == [["tiny", "48"], ["tiny-50", "24"], ["tiny-75", "12"]]


def test_limits_are_the_apps() -> None:
    told = " ".join(PAGE[PAGE.index("## Limits") :].split())
    assert f"{limits.UPLOAD_BYTES // 2**20} MB and {limits.PICTURES.pixels // 10**6} million pixels" in told
    assert f"at least {limits.PICTURES.shortest_side} pixels a side" in told
    assert f"up to {limits.QUESTION_CHARACTERS} characters; answers of up to {limits.NEW_TOKENS} tokens" in told
    assert f"{limits.QUEUE} may wait" in told and limits.KEPT_SECONDS == 15 * 60
    known = [name.strip() for name in re.split(r",| or ", told[told.index("as PNG") + 3 : told.index("; questions")])]
    assert [name.split()[0].upper() for name in known] == list(limits.PICTURES.formats)
    assert f"`{MODELS_VARIABLE}`" in PAGE


@pytest.mark.parametrize(
    ("argv", "status", "told"),
    [
        (["--model", "tiny"], 2, "one model cannot be compared: give the reference, then its students, not only tiny"),
        (["--model", "tiny", "--model", "./gone"], 1, "no model at ./gone; give a model folder"),
        (["--results", "gone"], 1, "gone is no folder; give one that fcotvl eval --compare wrote"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    argv: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str], own_process: None
) -> None:
    assert main(["app", *argv]) == status
    said = capsys.readouterr().err
    assert said.startswith(f"fcotvl app: error: {told}") and said.count("\n") == 1


def test_a_port_that_is_taken_is_said_before_models_are_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_process: None
) -> None:
    monkeypatch.setattr("fcotvl_hf.app.launch.load_family", None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["app", "--port", port]) == 1
    told = f"fcotvl app: error: port {port} cannot be listened at: address already in use; choose another\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_ports(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["app", "--port", port])
    assert f"'{port}' is no port; choose one from 1 to 65535" in capsys.readouterr().err


def test_without_gradio_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_process: None
) -> None:
    monkeypatch.setattr("fcotvl_hf.commands.looking.find_spec", lambda name: None)
    assert main(["app"]) == 2
    assert "pip install 'fcotvl-hf[demo]'" in capsys.readouterr().err
