"""docs/rivals.md: its first commands and its Python are run, its table has every method."""

import json
import re
import shlex
from pathlib import Path

import pytest

from fcotvl_hf.baselines import METHODS
from fcotvl_hf.cli import main
from fcotvl_hf.cost.shapes import SHAPES
from fcotvl_hf.io.marks import marked
from fcotvl_hf.results.rivals import FILE, MARK, rivals_section
from tests.docs.pages import DOCS, blocks

ROOT = Path(__file__).parents[2]
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


def test_the_scores_are_those_of_the_file() -> None:
    assert marked(PAGE, MARK) == rivals_section(json.loads((ROOT / FILE).read_text()))


def test_the_best_rival_of_each_share_is_named() -> None:
    figures = json.loads((ROOT / FILE).read_text())
    rows = {row["name"]: row for row in figures["rows"]}
    rows["ToMe, 50 %"]["retention"], rows["tiny-50"]["retention"] = 0.987, 0.876
    told = rivals_section(figures)
    best = "ToMe, 50 % keeps most: 98.7%."
    assert f"tiny-50 keeps 87.6%. Of the rivals that spend at most\n5% more tokens over layers, {best}" in told
    assert rows["fewer tiles, 75 %"]["tokens_per_image"] > 1.5 * rows["tiny-75"]["tokens_per_image"]
    assert "fewer tiles, 75 % keeps most" not in told


def test_what_fastv_costs_over_layers() -> None:
    layers = SHAPES["internvl2-2b"].text_config.num_hidden_layers
    share = (2 + 0.5 * (layers - 2)) / layers
    assert f"InternVL2-2B's {layers}, as much as {share:.0%}".replace("%", " %") in PAGE.replace("\n", " ")
