"""Folders beside each other: figures, changed samples, plots, report."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fcotvl_hf.eval_harness.comparison_report import compare_folders
from fcotvl_hf.eval_harness.cost_plot import frontier
from fcotvl_hf.eval_harness.results import SCHEMA
from fcotvl_hf.eval_harness.samples import Record, append_records, samples_file

Scores = dict[str, dict[str, float]]

TEACHER: Scores = {
    "docvqa": {"a": 1, "b": 0.5, "c": 0.5},
    "chartqa": {"a": 1, "b": 1},
    "tiny-lookup": {"a": 1, "b": 0, "c": 1},
    "legibility": {"8-0": 0, "24-0": 1},
}
STUDENT: Scores = {
    "docvqa": {"b": 0.5, "a": 0.5, "c": 0.5, "further": 1},
    "chartqa": {"a": 0, "b": 1},
    "tiny-lookup": {"a": 1, "b": 1, "c": 1},
    "legibility": {"8-0": 0, "24-0": 0.8},
    "textvqa": {"a": 1},
}


def _folder(path: Path, model: str, tokens: float, scores: Scores, **changes: Any) -> Path:
    """What ``fcotvl eval`` would have written."""
    entry = {"version": 1, "stderr": 0.0, "tokens_per_image": tokens, "settings": {"prompt": "{question}"}}
    tasks = {}
    for task, samples in scores.items():
        size = {f"size_{row.partition('-')[0]}": score for row, score in samples.items()}
        tasks[task] = {**entry, "n": len(samples), "score": 0.0, "metrics": size if task == "legibility" else {}}
        tasks[task] |= changes
        records = [
            Record(
                id=row,
                prediction=f"{model} read <b> & {score}",
                references=["right"],
                score=score,
                tokens=16,
                group=row if task in ("chartqa", "legibility") else "",
                unit=row,
                key="m-s-r",
            )
            for row, score in samples.items()
        ]
        append_records(samples_file(path, task), records)
    results = {"schema": SCHEMA, "model": model, "compression": 1 - tokens / 40, "tasks": tasks, "settings_hash": "f00"}
    (path / "results.json").write_text(json.dumps(results))
    return path


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    return [_folder(tmp_path / "t", "teacher", 40, TEACHER), _folder(tmp_path / "s", "student", 20, STUDENT)]


def test_comparison_on_the_common_rows(folders: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare_folders(folders, tmp_path / "report")
    teacher, student = json.loads((tmp_path / "report" / "comparison.json").read_text())["rows"]
    assert (teacher["retention"], teacher["difference"]) == (1, [0, 0])
    tasks = student["tasks"]
    assert list(tasks) == ["docvqa", "chartqa", "tiny-lookup", "legibility"]
    assert [tasks[task]["n"] for task in tasks] == [3, 2, 3, 2]
    assert [tasks[task]["score"] for task in tasks] == pytest.approx([0.5, 0.5, 1, 0.4])
    assert [(tasks[task]["won"], tasks[task]["lost"]) for task in tasks] == [(0, 1), (0, 1), (1, 0), (0, 1)]
    kept = [0.5 / (2 / 3), 0.5 / 1, 1 / (2 / 3), 0.4 / 0.5]
    assert student["retention"] == pytest.approx(sum(kept) / 4)
    low, high = student["retention_interval"]
    assert low < student["retention"] < high
    assert student["ratio_of_means"] == pytest.approx(2.4 / (2 / 3 + 1 + 2 / 3 + 0.5))
    assert student["tokens_per_image"] == 20 and student["kind"] == "student"
    assert "student" in capsys.readouterr().out


def test_tokens_are_those_of_the_compared_rows(tmp_path: Path) -> None:
    few = _folder(tmp_path / "few", "few", 16, {"docvqa": {"a": 1, "b": 1}})
    many = _folder(tmp_path / "many", "many", 32, {"docvqa": {"a": 1, "b": 1, "c": 1}})
    answers = samples_file(many, "docvqa")
    lines = [json.loads(line) for line in answers.read_text().splitlines()]
    answers.write_text(
        "".join(json.dumps(line | {"tokens": size}) + "\n" for line, size in zip(lines, (16, 16, 64), strict=True))
    )
    compare_folders([few, many], tmp_path / "report")
    rows = json.loads((tmp_path / "report" / "comparison.json").read_text())["rows"]
    assert [(row["tokens_per_image"], row["tokens_over_layers"]) for row in rows] == [(16, 16), (16, 16)]


def test_every_changed_sample_is_listed_worst_first(folders: list[Path], tmp_path: Path) -> None:
    compare_folders(folders, tmp_path / "report")
    changes = [json.loads(line) for line in (tmp_path / "report" / "changes.jsonl").read_text().splitlines()]
    assert [(each["task"], each["id"], each["change"]) for each in changes] == [
        ("docvqa", "a", -0.5),
        ("chartqa", "a", -1),
        ("tiny-lookup", "b", 1),
        ("legibility", "24-0", pytest.approx(-0.2)),
    ]
    first = changes[0]
    assert "".join(text for op, text in first["diff"] if op != "delete") == first["prediction"]
    assert "".join(text for op, text in first["diff"] if op != "insert") == first["teacher"]


def test_report_is_whole_and_answers_are_text(folders: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "report"
    compare_folders(folders, out)
    page, text = (out / "report.html").read_text(), (out / "report.md").read_text()
    assert page.lstrip().startswith("<!doctype html>")
    assert "read <b>" not in page and "&lt;b&gt; &amp;" in page
    assert page.count("<svg") == 3 and page.count("<script>") == 1 and not re.search(r'(src|href)="(?!#|data:)', page)
    jumps = re.findall(r'<a[^>]* href="#([^"]+)"', page)
    assert jumps == ["main", "table", "charts", "changes"] and all(f'id="{name}"' in page for name in jumps)
    assert "With 20.0 visual tokens an image instead of 40.0, 88.8% of the teacher&#39;s score is kept by s" in page
    assert {path.name for path in out.glob("*.svg")} == {"score-over-tokens.svg", "radar.svg", "legibility.svg"}
    rows = [line for line in text.splitlines() if line.startswith("| student |")]
    assert len(rows) == 1 + 4 and "88.8%" in rows[0]
    assert all(f"]({path.name})" in text for path in out.glob("*.svg"))


def test_confidence_is_shown_where_it_was_kept(folders: list[Path], tmp_path: Path) -> None:
    compare_folders(folders, tmp_path / "plain")
    path = samples_file(folders[1], "docvqa")
    records = [
        json.loads(line) | {"confidence": [["student ", 0.99], ["<b>", 0.25]]} for line in path.read_text().splitlines()
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    compare_folders(folders, tmp_path / "told")
    plain, told = ((tmp_path / name / "report.html").read_text() for name in ("plain", "told"))
    assert '<mark style="--doubt:0.75" title="25 %">&lt;b&gt;</mark>' in told and 'id="mark"' in told
    assert "<mark" not in plain and 'id="mark"' not in plain


def test_a_crowded_radar_shows_the_students_and_the_best_baselines(folders: list[Path], tmp_path: Path) -> None:
    rivals = [_folder(tmp_path / f"rival-{number}", f"rival-{number}", 20, STUDENT) for number in range(8)]
    for folder in rivals:
        results = json.loads((folder / "results.json").read_text())
        (folder / "results.json").write_text(json.dumps(results | {"reduction": "mean:0.5"}))
    compare_folders([*folders, *rivals], tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "comparison.json").read_text())["rows"]
    assert [row["kind"] for row in rows] == ["teacher", "student"] + ["baseline"] * 8
    assert "4 baselines with lower scores are left out" in (tmp_path / "out" / "report.html").read_text()


def test_models_of_one_name_are_told_apart(tmp_path: Path) -> None:
    folders = [_folder(tmp_path / name, "same", 20, {"docvqa": {"a": 1}}) for name in "xy"]
    compare_folders(folders, tmp_path / "report")
    rows = json.loads((tmp_path / "report" / "comparison.json").read_text())["rows"]
    assert [row["label"] for row in rows] == [f"same ({folder})" for folder in folders]
    assert "#changes" not in (tmp_path / "report" / "report.html").read_text()  # for nothing did


def test_a_teacher_that_scores_nothing_has_no_retention(tmp_path: Path) -> None:
    folders = [_folder(tmp_path / name, name, 20, {"docvqa": {"a": 0, "b": 0}}) for name in "xy"]
    compare_folders(folders, tmp_path / "report")
    rows = json.loads((tmp_path / "report" / "comparison.json").read_text())["rows"]
    assert rows[1]["retention"] is rows[1]["retention_interval"] is rows[1]["ratio_of_means"] is None
    assert "–" in (tmp_path / "report" / "report.md").read_text()


@pytest.mark.parametrize(
    ("scores", "changes", "told"),
    [
        (
            {"mme": {"a": 1}},
            {},
            "no task in common: teacher has docvqa, chartqa, .*; other has mme",
        ),
        ({"docvqa": {"z": 1}}, {}, "docvqa: the folders have no row in common"),
        ({"docvqa": {"a": 1}}, {"version": 2}, r"docvqa was asked with several versions, \[1, 2\]"),
        ({"docvqa": {"a": 1}}, {"settings": {"prompt": "!"}}, "docvqa was asked with several prompts"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    scores: Scores, changes: dict[str, Any], told: str, folders: list[Path], tmp_path: Path
) -> None:
    other = _folder(tmp_path / "other", "other", 20, scores, **changes)
    with pytest.raises(ValueError, match=told):
        compare_folders([folders[0], other], tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_folders_that_are_no_evaluations(folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs two folders or more"):
        compare_folders(folders[:1], tmp_path / "report")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"empty holds no results.json; give folders that fcotvl eval wrote"):
        compare_folders([folders[0], tmp_path / "empty"], tmp_path / "report")
    (folders[1] / "samples-docvqa.jsonl").unlink()
    with pytest.raises(FileNotFoundError, match=r"samples-docvqa.jsonl is gone, without which docvqa cannot"):
        compare_folders(folders, tmp_path / "report")
    (folders[1] / "results.json").write_text("{")
    with pytest.raises(ValueError, match="results.json is no file of results"):
        compare_folders(folders, tmp_path / "report")


def test_frontier_is_what_no_other_point_beats() -> None:
    points = [(40, 0.9), (20, 0.8), (20, 0.7), (10, 0.3), (15, 0.2), (50, 0.85)]
    assert frontier(points) == [(10, 0.3), (20, 0.8), (40, 0.9)]
