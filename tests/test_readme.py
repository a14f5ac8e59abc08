"""What the README shows is run as it stands there, on a small original instead of a downloaded one, in few steps."""

import json
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fcotvl_hf.cli import main
from fcotvl_hf.hub import push_model, push_space
from tests.docs.pages import ROOT, blocks, commands

from .hub.stand_in import StandIn

README = ROOT / "README.md"
ORIGINAL = ROOT / "tests" / "data" / "internvl2" / "internlm2-gqa"
SHORT = ("--max_steps", "2", "--save_steps", "1", "--per_device_train_batch_size", "2", "--use_cpu", "true")

pytestmark = pytest.mark.usefixtures("own_process")


def _commands(first: str) -> Iterator[list[str]]:
    """The arguments of ``fcotvl`` in the block that begins with a command, wildcards replaced as the shell does."""
    block = next(command.block for command in commands(README) if command.words[:2] == ("fcotvl", first))
    for command in commands(README):
        if command.block == block:
            yield [name for word in command.words[1:] for name in (sorted(glob(word)) or [word])]


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_use_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(blocks(README, "python")[0].text, names)
    assert "4711" in names["answer"]


@pytest.mark.usefixtures("_elsewhere")
def test_compress_your_own(page: Image.Image, capsys: pytest.CaptureFixture[str]) -> None:
    page.save("page.png")
    for command in _commands("convert"):
        arguments = [str(ORIGINAL) if part == "OpenGVLab/InternVL2-2B" else part for part in command]
        assert main([*arguments, *(["--max-new-tokens", "8", "--json"] if arguments[0] == "ask" else [])]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [answer["model"] for answer in answers] == ["teacher", "student"]
    assert answers[1]["visual_tokens"] * 2 == answers[0]["visual_tokens"] > 0


@pytest.mark.usefixtures("_elsewhere")
def test_train() -> None:
    for command in _commands("distill"):
        assert main([*command, *(() if command[0] == "merge" else SHORT)]) == 0
    assert len(json.loads(Path("runs/merged/merge.json").read_text())["checkpoints"]) == 2


def test_publish(hub: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")  # a process; its own test has it
    monkeypatch.setattr(push_space, "build_wheel", _wheel)  # minutes; likewise
    few = {"ocr-mix": str(tmp_path / "ocr-mix"), "2000": "8"}
    for command in _commands("push"):
        options = ("--preset", "tiny-test", "--num-proc", "1") if command[0] == "data" else ()
        assert main([*(few.get(word, word) for word in command), *options]) == 0
    names = {kind: set(repository.files()) for (kind, _), repository in hub.repositories.items()}
    assert set(names) == {"model", "dataset", "space"}
    assert "model.safetensors" in names["model"] and "chart/test-00000-of-00001.parquet" in names["dataset"]
    requirements = hub.repositories["space", "me/compression-lab"].files()["requirements.txt"].content.decode()
    assert f"fcotvl-hf[demo] @ {hub.url}/spaces/me/compression-lab/resolve/main/built.whl" in requirements


def _wheel(out: Path) -> Path:
    (out / "built.whl").write_bytes(b"wheel")
    return out / "built.whl"
