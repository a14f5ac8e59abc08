"""One command makes the table of everybody who spends fewer tokens, goes on where it was, and says what it would do."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
import torch

from fcotvl_hf.baselines import METHODS
from fcotvl_hf.baselines.sharing import with_tokens
from fcotvl_hf.cli import make_parser
from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.io.marks import marked
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration
from fcotvl_hf.results.rivals import FILE, MARK, rivals_section
from fcotvl_hf.scripts import rivals_table

ROOT = Path(__file__).parents[2]
RIVALS = ["--keep", "0.5", "--rivals", "mean,window=square", "visionzip", "fastv,layer=1"]


@pytest.fixture
def student_folder(session_teacher, tmp_path: Path) -> Path:
    teacher, processor = session_teacher
    folder = tmp_path / "student"
    build_student(teacher, "conv1d", 2).save_pretrained(folder)
    with_tokens(processor, 8).save_pretrained(folder)
    return folder


def test_the_table_is_made_and_goes_on(
    teacher_folder: Path, student_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--teacher", str(teacher_folder), "--students", str(student_folder), "--out", str(tmp_path / "out")]
    arguments += [*RIVALS, "--tasks", "tiny-lookup,tiny-chart", "--limit", "2"]
    rivals_table.main(arguments)
    rows = json.loads((tmp_path / "out" / "report" / "comparison.json").read_text())["rows"]
    assert [row["label"] for row in rows] == [
        "teacher",
        "teacher mean:0.5,window=square",
        "teacher visionzip:0.5",
        "teacher fastv:0.5,layer=1",
        "student",
    ]
    assert [row["compression"] for row in rows] == [0, 0.5, 0.5, 0.5, 0.5]
    assert all(row["tokens_per_image"] == rows[0]["tokens_per_image"] / 2 for row in rows[1:])
    told = capsys.readouterr().out
    assert all(row["label"] in told for row in rows)

    shutil.rmtree(tmp_path / "out" / "visionzip-0.5")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*/results.json")}
    rivals_table.main(arguments)
    assert (tmp_path / "out" / "visionzip-0.5" / "results.json").is_file()
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert json.loads((tmp_path / "out" / "report" / "comparison.json").read_text())["rows"] == rows


def test_it_is_published(teacher_folder: Path, student_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "rivals.md"
    arguments = ["--teacher", str(teacher_folder), "--students", str(student_folder), "--out", str(tmp_path / "out")]
    arguments += ["--keep", "0.5", "--rivals", "random", "mean", "--limit", "2", "--publish", str(tmp_path)]
    arguments += ["--tasks", "tiny-lookup,tiny-recognition"]
    with pytest.raises(UsageError, match="nowhere to publish"):
        rivals_table.main(arguments)
    for folder in ("docs", "results"):
        (tmp_path / folder).mkdir()
    page.write_text("Before\n<!-- rivals -->old<!-- /rivals -->\nafter\n")
    rivals_table.main(arguments)
    figures = json.loads((tmp_path / FILE).read_text())
    assert [row["name"] for row in figures["rows"]] == [
        "teacher",
        "random drop, 50 %",
        "mean pooling 1-D, 50 %",
        "student",
    ]
    assert figures["settings"]["limit"] == 2 and set(figures["settings"]["models"]) == set(arguments[1:4:2])
    text = page.read_text()
    assert text.startswith("Before\n<!-- rivals -->\n\nOf ") and text.endswith("<!-- /rivals -->\nafter\n")
    assert marked(text, MARK) == rivals_section(figures)
    assert "on 2 pages of each task" in text

    trained = FCoTVLForConditionalGeneration.from_pretrained(student_folder)
    with torch.no_grad():
        trained.lm_head.weight.neg_()
    trained.save_pretrained(student_folder)
    with pytest.raises(FileExistsError):  # answers of other weights are not published as theirs
        rivals_table.main(arguments)
    assert json.loads((tmp_path / FILE).read_text()) == figures


def test_the_commands_are_those_of_eval(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rivals_table.main(["--out", str(tmp_path / "out"), "--limit", "8", "--commands"])
    *calls, compare = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    parsed = [make_parser().parse_args(call[1:]) for call in (*calls, compare)]
    assert [call.model for call in parsed[:-1] if not call.reduce] == ["tiny", "tiny-50", "tiny-75"]
    asked = [call.reduce for call in parsed[:-1] if call.reduce]
    assert {text.partition(":")[0] for text in asked} == METHODS.keys()
    assert len(asked) == 2 * len(rivals_table.RIVALS)
    assert parsed[-1].compare == [call.out for call in parsed[:-1]]
    assert {call.limit for call in parsed[:-1]} == {8}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rivals", "fastw"], "no method 'fastw'"),
        (["--keep", "0.3"], "one of a whole number of tokens"),
        (["--publish", str(ROOT), "--tasks", "docvqa"], "--publish is for pages of the main table"),
        (["--keep", "0.5"], "tiny-75 keeps 0.25 of the tokens; add that share to --keep"),
    ],
)
def test_what_cannot_be_made_is_said_before_anything_is(options: list[str], told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        rivals_table.main(["--out", str(tmp_path / "out"), *options])
    assert not (tmp_path / "out").exists()
