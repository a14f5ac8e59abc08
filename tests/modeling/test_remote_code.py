"""A saved folder works for people who have transformers and not this package."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, AutoProcessor

import fcotvl_hf.modeling
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

SOURCES = Path(fcotvl_hf.modeling.__file__).parent
CODE = [file.name for file in SOURCES.glob("*_fcotvl.py")]

STRANGER = """
import json, sys


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "fcotvl_hf":
            raise ImportError("fcotvl_hf is not installed here")


sys.meta_path.insert(0, Blocker())
import torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageTextToText, AutoProcessor
from transformers import AutoTokenizer

torch.set_num_threads(1)
folder, page, again = sys.argv[1:]
load = {"pretrained_model_name_or_path": folder, "trust_remote_code": True}
processor = AutoProcessor.from_pretrained(**load)
model = AutoModel.from_pretrained(**load)
inputs = processor(text="<IMG_CONTEXT>Read the text.", images=Image.open(page), return_tensors="pt")
model.save_pretrained(again)
processor.save_pretrained(again)
classes = [AutoConfig, AutoModelForImageTextToText, AutoImageProcessor, AutoTokenizer]
names = [type(loader.from_pretrained(**load)).__name__ for loader in classes]
print(json.dumps({
    "classes": [type(processor).__name__, type(model).__name__, *names],
    "input_ids": inputs["input_ids"].tolist(),
    "answer": model.generate(**inputs).tolist(),
    "imported": [name for name in sys.modules if name.split(".")[0] == "fcotvl_hf"],
}))
"""


@pytest.fixture(scope="module")
def student_folder(teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("students") / "student"
    init_student(str(teacher_folder), folder, stride=2)
    return folder


@pytest.fixture(scope="module", params=[1, 2], ids=["teacher", "student"])
def folder(teacher_folder: Path, student_folder: Path, request: pytest.FixtureRequest) -> Path:
    return teacher_folder if request.param == 1 else student_folder


@pytest.fixture(scope="module")
def stranger(folder: Path, page: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process without this package found in ``folder``, and where it saved it again."""
    home = tmp_path_factory.mktemp("stranger")
    page.save(home / "page.png")
    command = [sys.executable, "-I", "-c", STRANGER, folder, home / "page.png", home / "again"]
    run = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout) | {"again": home / "again"}


def test_stranger_gets_our_classes_without_our_package(stranger: dict[str, Any], folder: Path) -> None:
    assert stranger["imported"] == []
    assert stranger["classes"] == [
        "FCoTVLProcessor",
        "FCoTVLForConditionalGeneration",
        "FCoTVLConfig",
        "FCoTVLForConditionalGeneration",
        "FCoTVLImageProcessor",
        type(FCoTVLProcessor.from_pretrained(folder).tokenizer).__name__,
    ]


def test_stranger_gets_the_same_answer(stranger: dict[str, Any], folder: Path, page: Image.Image) -> None:
    model, processor = FCoTVLForConditionalGeneration.from_pretrained(folder), FCoTVLProcessor.from_pretrained(folder)
    inputs = processor(text="<IMG_CONTEXT>Read the text.", images=page, return_tensors="pt")
    assert stranger["input_ids"] == inputs["input_ids"].tolist()
    assert stranger["answer"] == model.generate(**inputs).tolist()


def test_stranger_can_save_it_again(stranger: dict[str, Any], folder: Path) -> None:
    again = stranger["again"]
    assert {file.name for file in again.iterdir()} == {file.name for file in folder.iterdir()}
    for name in ("model.safetensors", "processor_config.json", "chat_template.jinja", *CODE):
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_shipped_code_is_ours_byte_for_byte(student_folder: Path) -> None:
    assert {file.name for file in student_folder.glob("*.py")} == set(CODE)
    for name in CODE:
        assert (student_folder / name).read_bytes() == (SOURCES / name).read_bytes()


def test_auto_map_names_every_auto_class(student_folder: Path) -> None:
    auto_map = json.loads((student_folder / "config.json").read_text())["auto_map"]
    assert auto_map["AutoModel"] == "modeling_fcotvl.FCoTVLForConditionalGeneration"
    assert set(auto_map) == {
        "AutoConfig",
        "AutoModel",
        "AutoModelForImageTextToText",
        "AutoProcessor",
        "AutoImageProcessor",
    }


def test_package_users_need_no_trust_flag(student_folder: Path) -> None:
    assert type(AutoConfig.from_pretrained(student_folder)) is fcotvl_hf.modeling.FCoTVLConfig
    assert type(AutoProcessor.from_pretrained(student_folder)) is FCoTVLProcessor
    for loader in (AutoModel, AutoModelForImageTextToText):
        assert type(loader.from_pretrained(student_folder)) is FCoTVLForConditionalGeneration


def test_saved_weights_come_back(session_teacher: tuple, teacher_folder: Path) -> None:
    again = FCoTVLForConditionalGeneration.from_pretrained(teacher_folder).state_dict()
    weights = session_teacher[0].state_dict()
    assert set(again) == set(weights)
    assert all(torch.equal(weight, again[name]) for name, weight in weights.items())
