"""docs/rivals.md: its first commands and its Python are run, its table has every method."""

import re
import shlex
from pathlib import Path

import pytest

from fcotvl_hf.baselines import METHODS
from fcotvl_hf.cli import main
from fcotvl_hf.cost.shapes import SHAPES
from tests.docs.pages import DOCS, blocks

PATH = DOCS / "rivals.md"
PAGE = PATH.read_text()


@pytest.mark.usefixtures("own_process")
def test_first_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (first, *_) = blocks(PATH, "bash")
    for line in first.text.splitlines():
        assert main(shlex.split(line)[1:]) == 0
    assert Path("runs/rivals/report.html").is_file()


def test_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks(PATH, "python")
    exec(code.text, {})
    assert capsys.readouterr().out.strip() == "[64, 64, 32, 32]"


def test_the_table_has_every_method_with_its_options() -> None:
    told = dict(re.findall(r"^\| `([a-z-]+)` \|(.*)", PAGE, re.MULTILINE))
    assert list(told) == list(METHODS)
    for name, method in METHODS.items():
        assert all(f"`{option}=" in told[name] for option in method.options)


def test_what_fastv_costs_over_layers() -> None:
    layers = SHAPES["internvl2-2b"].text_config.num_hidden_layers
    share = (2 + 0.5 * (layers - 2)) / layers
    assert f"InternVL2-2B's {layers}, as much as {share:.0%}".replace("%", " %") in PAGE.replace("\n", " ")
