"""``fcotvl data ocr`` writes what the evaluation reads."""

from pathlib import Path

import pytest

from fcotvl_hf.cli import main
from fcotvl_hf.dataset_builders import packages
from fcotvl_hf.eval_harness.loading import load_rows
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.evaluation.drawn import drawn_rows

pytestmark = pytest.mark.usefixtures("own_process")


@pytest.mark.parametrize(
    ("preset", "tasks", "size"),
    [
        ("tiny-test", ("tiny-recognition", "tiny-table", "tiny-chart", "tiny-lookup"), 8),
        ("legibility", ("legibility",), 3),
    ],
)
def test_tasks_read_the_rows_that_they_would_draw(
    preset: str, tasks: tuple[str, ...], size: int, tmp_path: Path
) -> None:
    out = tmp_path / "rows"
    assert main(["data", "ocr", "--out", str(out), "--size", str(size), "--preset", preset, "--num-proc", "1"]) == 0
    for name in tasks:
        task = get_task(name)
        stored = list(load_rows(task, out).rows)
        drawn = list(drawn_rows(task, len(stored), 112).rows)
        assert len(stored) == size // len(tasks)
        assert [(row["id"], row["messages"], row["meta"]) for row in stored] == [
            (row["id"], row["messages"], row["meta"]) for row in drawn
        ]


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--size", "4", "--preset", "tinny"], 2, "there is no preset 'tinny'; try tiny"),
        (["--size", "0"], 2, "'0' is not a whole number of at least 1"),
        (["--size", "4", "--preset", "tiny", "--num-proc", "1"], 1, "exists already and is no data set begun here"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str], status: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    try:
        code = main(["data", "ocr", "--out", str(tmp_path), *arguments])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else -1
    assert code == status
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_missing_packages_are_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    for mix, needed in (("ocr", "typst, pylopdf_fonts_zh_cn, fontpkg_caveat"), ("cot", "typst, pylopdf_fonts_zh_cn")):
        assert main(["data", mix, "--out", str(tmp_path / "set"), "--size", "8"]) == 1
        assert f"these pages need {needed}" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
