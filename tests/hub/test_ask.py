"""Asking streams the answer that ``generate`` gives, and comparing shows one column per model."""

import json
from pathlib import Path

import pytest
from PIL import Image

from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.hub.ask import answer, ask, model_names
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.images import read_size


@pytest.fixture
def page_file(tmp_path: Path, page: Image.Image) -> Path:
    page.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def test_streams_what_generate_says(
    teacher_folder: Path, page: Image.Image, page_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, processor = load_model(str(teacher_folder))
    expected = answer("it", model, processor, [page], "Read the text.", max_new_tokens=8)
    ask(str(teacher_folder), [page_file], "Read the text.", max_new_tokens=8)
    assert expected.answer
    assert capsys.readouterr().out == expected.answer + "\n"
    assert (expected.tiles, expected.visual_tokens) == (3, 48)


def test_several_pages_are_asked_about_together(teacher_folder: Path, page: Image.Image) -> None:
    given = answer("it", *load_model(str(teacher_folder)), [page, page], "Compare.", max_new_tokens=2)
    assert (given.tiles, given.visual_tokens) == (6, 96)


def test_models_side_by_side(
    teacher_folder: Path, tmp_path: Path, page_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student = tmp_path / "student"
    init_student(str(teacher_folder), student, stride=4)
    both = f"{teacher_folder},{student}"
    ask(both, [page_file], "Read the text.", max_new_tokens=4, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["visual_tokens"] for row in rows] == [48, 12]
    ask(both, [page_file], "Read the text.", max_new_tokens=4)
    table = capsys.readouterr().out
    assert "48 visual tokens" in table
    assert "12 visual tokens" in table


def test_which_models_are_meant(teacher_folder: Path, tmp_path: Path) -> None:
    assert model_names("tiny", compare=False) == ["tiny"]
    assert model_names("tiny", compare=True) == ["tiny", "tiny-50", "tiny-75"]
    assert model_names("a/b,c/d", compare=True) == ["a/b", "c/d"]
    (tmp_path / "odd,name").mkdir()
    assert model_names(str(tmp_path / "odd,name"), compare=False) == [str(tmp_path / "odd,name")]
    with pytest.raises(ValueError, match="name them with commas: a/b,OTHER"):
        model_names("a/b", compare=True)


def test_missing_page_is_said_before_any_model_loads(teacher_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no image at .*absent\.png"):
        ask(str(teacher_folder), [tmp_path / "absent.png"], "Read.")


def test_where_the_answers_look(
    teacher_folder: Path, page: Image.Image, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    half = tmp_path / "half"
    init_student(str(teacher_folder), half, compressor_type="mean", stride=2)
    page.save(tmp_path / "page.png")
    look = tmp_path / "look.png"
    with caplog.at_level("INFO", "fcotvl_hf"):
        models = f"{teacher_folder},{half}"
        ask(models, [tmp_path / "page.png"], "Read the text.", max_new_tokens=4, attention=look)
    assert read_size(look) == (2 * page.width + 8, page.height)
    assert caplog.text.count("of the answer's attention goes to the pages") == 2
    with pytest.raises(UsageError, match="there is no folder .*absent to write look.png to"):
        ask("tiny", [tmp_path / "page.png"], "?", attention=tmp_path / "absent" / "look.png")
