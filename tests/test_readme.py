"""What the README shows is run as it stands there, on a small original instead of a downloaded one."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from fcotvl_hf.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text()
ORIGINAL = Path(__file__).parent / "data" / "internvl2" / "internlm2-gqa"


def _commands(heading: str) -> list[list[str]]:
    """The ``fcotvl`` commands of the first shell block under a heading."""
    block = re.search(rf"## {heading}\n.*?```bash\n(.*?)```", README, re.DOTALL)
    assert block is not None
    lines = [shlex.split(line, comments=True) for line in block.group(1).splitlines()]
    assert all(line[0] == "fcotvl" for line in lines)
    return [line[1:] for line in lines]


def test_convert_init_ask(
    page: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page.save("page.png")
    for command in _commands("From InternVL2"):
        arguments = [str(ORIGINAL) if part == "OpenGVLab/InternVL2-2B" else part for part in command]
        assert main([*arguments, *(["--max-new-tokens", "8"] if arguments[0] == "ask" else [])]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [answer["model"] for answer in answers] == ["teacher", "student"]
    assert answers[1]["visual_tokens"] * 2 == answers[0]["visual_tokens"] > 0
