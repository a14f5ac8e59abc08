"""The demo on a handful of pages: everything it promises is there, and the same seed gives the same figures."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fcotvl_hf.demo import run
from fcotvl_hf.demo.budget import Budget
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.atomic import atomic_write

SMALL = Budget(rows_per_task=4, distill_steps=2, sft_steps=2, controls=True, examples=1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    patch = pytest.MonkeyPatch()
    patch.setattr(run, "QUICK", SMALL)
    out = tmp_path_factory.mktemp("demo") / "out"
    run.run_demo(out, quick=True, seed=3)
    patch.undo()
    return out


def _summary(folder: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return summary


def test_summary_has_every_kind_of_row(demo: Path) -> None:
    rows = _summary(demo)["rows"]
    assert rows[0]["kind"] == "teacher" and rows[0]["retention"] == 1 and rows[0]["difference"] == [0, 0]
    kinds = {(row["kind"], row["compression"], row["live"]) for row in rows}
    assert kinds >= {
        ("control", 0, True),
        ("control", 0.5, True),
        ("student", 0.5, True),
        ("student", 0.5, False),
        ("student", 0.75, False),
        ("baseline", 0.5, False),
        ("baseline", 0.75, False),
    }
    stages = [row["stage"] for row in rows if row["kind"] == "student" and row["live"]]
    assert stages == ["start", "realigned", "posttrained", "merged"]


def test_every_row_has_the_keys_of_the_contract(demo: Path) -> None:
    spent = "tokens_per_image tokens_over_layers"
    keys = f"name kind stage compression {spent} score retention difference tasks prefill_ratio kv_ratio live path"
    for row in _summary(demo)["rows"]:
        assert list(row) == keys.split()
        assert set(row["tasks"]) == {"tiny-recognition", "tiny-table", "tiny-chart", "tiny-lookup"}


def test_token_counts_are_matched_and_cost_less(demo: Path) -> None:
    rows = _summary(demo)["rows"]
    for row in rows[1:]:
        assert row["tokens_per_image"] == pytest.approx(
            rows[0]["tokens_per_image"] * (1 - row["compression"]), rel=0.05
        )
        if row["compression"]:
            assert row["prefill_ratio"] > 1.05 and row["kv_ratio"] > 1.05 or row["name"] == "FastV"
            assert row["prefill_ratio"] > 1 and row["kv_ratio"] > 1


def test_an_untrained_student_is_mean_pooling(demo: Path) -> None:
    rows = _summary(demo)["rows"]
    (start,) = (row for row in rows if row["stage"] == "start")
    (pooled,) = (row for row in rows if row["name"] == "mean pooling 1-D" and row["compression"] == 0.5)
    assert start["tasks"] == pooled["tasks"]


def test_live_students_load(demo: Path) -> None:
    for row in _summary(demo)["rows"]:
        if row["path"]:
            model, _ = load_model(str(demo / row["path"]))
            assert 1 - 1 / model.config.compressor_stride == row["compression"]


def test_merges_name_folders_that_are_there(demo: Path) -> None:
    files = list(demo.rglob("merge.json"))
    for file in files:
        report = json.loads(file.read_text())
        named = [entry["path"] for entry in report["checkpoints"]] + [report["base"]] * (report["base"] != "tiny")
        assert all((file.parent / path).is_dir() for path in named)
    assert len(files) == 3


def test_report_shows_every_row_and_loads_nothing_from_outside(demo: Path) -> None:
    page = (demo / "report.html").read_text()
    for row in _summary(demo)["rows"]:
        assert page.count(row["name"]) >= 1
    assert not re.search(r'(src|href)="(?!#|data:)', page) and not re.search(r"@import|url\((?!#)", page)
    assert "of the teacher&#39;s score is kept by student 50 %, merged" in page
    assert page.count('<details class="example"') == 4 and page.count("data:image/png;base64,") == 4
    assert page.count('class="sure"') == 4 * len(_summary(demo)["rows"])
    assert {path.name for path in demo.glob("*.svg")} == {"score-over-tokens.svg", "live-loss.svg"}


@pytest.mark.slow
def test_same_seed_same_figures(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "QUICK", SMALL)
    run.run_demo(tmp_path / "again", quick=True, seed=3)
    assert _summary(tmp_path / "again")["rows"] == _summary(demo)["rows"]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    atomic_write(tmp_path / "thesis.txt", "years of work")
    with pytest.raises(FileExistsError, match="exists already; choose another name"):
        run.run_demo(tmp_path, quick=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
