"""Which models are compared, and where they run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fcotvl_hf.app.charts import charts
from fcotvl_hf.app.family import load_family
from fcotvl_hf.app.names import MODELS_VARIABLE, names_of_models
from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.hub.push_space import space_folder


def test_names_are_given_or_of_the_environment_or_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)
    assert names_of_models(None) == ["tiny", "tiny-50", "tiny-75"]
    monkeypatch.setenv(MODELS_VARIABLE, "org/teacher, org/student,")
    assert names_of_models(None) == ["org/teacher", "org/student"]
    assert names_of_models(["a/b", "c/d"]) == ["a/b", "c/d"]


@pytest.mark.parametrize(("names", "told"), [(["tiny"], "one model cannot"), (["tiny", "tiny"], "tiny is given twice")])
def test_models_that_cannot_be_compared(names: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        names_of_models(names)


def test_folders_are_called_by_their_names(teacher_folder: Path, tmp_path: Path) -> None:
    init_student(str(teacher_folder), tmp_path / "half", 2)
    init_student(str(teacher_folder), tmp_path / "queries", 2, "qformer")
    family = load_family([str(teacher_folder), str(tmp_path / "half"), str(tmp_path / "queries")])
    assert [member.name for member in family.members] == [teacher_folder.name, "half", "queries"]
    assert [member.label for member in family.members] == ["All tokens", "50 % fewer", "50 % fewer"]
    assert [member.window for member in family.members] == [(1, 1), (1, 2), None]
    assert family.member("half") is family.students[0]


def test_two_of_the_same_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("fcotvl_hf.app.family.load_model")
    for run in ("first", "second"):
        (tmp_path / run / "merged").mkdir(parents=True)
    with pytest.raises(ValueError, match="two models are called merged"):
        load_family([str(tmp_path / run / "merged") for run in ("first", "second")])


def test_another_tokenizer_is_refused(teacher_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(teacher_folder, other)
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["¤"] = tokenizer["model"]["vocab"].pop("z")
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ValueError, match="other has another tokenizer than teacher"):
        load_family([str(teacher_folder), str(other)])


def test_what_is_missing_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("fcotvl_hf.app.family.load_model")
    with pytest.raises(FileNotFoundError, match="no model at ./gone"):
        load_family(["tiny", "./gone"])


def test_zero_gpu_gets_the_calls_only_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "spaces.py").write_text("def GPU(duration):\n    return lambda work: lambda: (duration, work())\n")
    program = (
        "import sys; from fcotvl_hf.app.zero_gpu import DEVICE, on_gpu\n"
        "print(DEVICE, on_gpu(lambda: 7)(), 'torch' in sys.modules)"
    )
    told = {}
    for answer in ("true", "false"):
        environment = os.environ | {"SPACES_ZERO_GPU": answer, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        told[answer] = done.stdout.strip()
    assert told == {"true": "cuda (60, 7) False", "false": "None 7 False"}


def test_charts_are_of_the_models_that_are_shown(tmp_path: Path) -> None:
    (packaged,) = charts(["tiny", "tiny-50"], None).values()
    assert packaged.startswith("<svg")
    assert charts(["org/teacher", "org/student"], None) == {}
    assert charts(["tiny"], tmp_path) == {}
    (tmp_path / "legibility.svg").write_text("<svg/>")
    assert list(charts(["tiny"], tmp_path).values()) == ["<svg/>"]
    with pytest.raises(NotADirectoryError, match="fcotvl eval --compare"):
        charts(["tiny"], tmp_path / "gone")


def test_the_space_is_small_and_names_what_it_needs() -> None:
    folder = space_folder("compression_lab")
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        "README.md",
        "app.py",
        "requirements.txt",
    ]
    assert len((folder / "app.py").read_text().splitlines()) <= 10
    assert "fcotvl-hf[demo]" in (folder / "requirements.txt").read_text()
    card = yaml.safe_load((folder / "README.md").read_text().split("---")[1])
    assert (card["sdk"], card["app_file"]) == ("gradio", "app.py") and len(card["short_description"]) <= 60
    floor = re.search(r'demo = \["gradio>=([\d.]+)"', (Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert floor is not None and card["sdk_version"].startswith(floor.group(1))
    assert space_folder(str(folder)) == folder
    assert space_folder("gone") == Path("gone")  # what reads it says that it is not there
