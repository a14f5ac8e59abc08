"""docs/data-cot.md: its first command and its Python run, its recipe is read."""

import re
import shlex
from pathlib import Path

import pytest

from fcotvl_hf.cli import main
from fcotvl_hf.dataset_builders.cot_mix.build import CONFIGS
from fcotvl_hf.dataset_builders.curation.mixing import read_recipe
from tests.docs.pages import DOCS, blocks

PATH = DOCS / "data-cot.md"
PAGE = PATH.read_text()

pytestmark = pytest.mark.usefixtures("own_process")


def _blocks(language: str) -> list[str]:
    return [block.text for block in blocks(PATH, language)]


def test_first_command_and_python_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(_blocks("bash")[0])[1:]) == 0
    assert Path("cot/preview/receipt.png").is_file()
    for code in _blocks("python"):
        exec(code, {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == ["True", "True"] and printed[0]


def test_recipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(_blocks("yaml")[0])
    recipe = read_recipe(tmp_path / "recipe.yaml")
    assert [each.weight for each in recipe.sources] == [2, 1, 1] and recipe.sources[2].origin.revision == "0123abc"


def test_table_names_every_configuration() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(CONFIGS)
