"""A saved folder works for people who have transformers and not this package."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText, AutoProcessor

import fcotvl_hf.modeling
from fcotvl_hf.baselines.sharing import with_tokens
from fcotvl_hf.conversion.student import build_student, init_student
from fcotvl_hf.modeling import COMPRESSORS, FCoTVLForConditionalGeneration, FCoTVLModel, FCoTVLProcessor

SOURCES = Path(fcotvl_hf.modeling.__file__).parent
CODE = [file.name for file in SOURCES.glob("*_fcotvl.py")]
every_compressor = pytest.mark.parametrize("kind", COMPRESSORS)

STRANGER = """
import json, sys
from pathlib import Path


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "fcotvl_hf":
            raise ImportError("fcotvl_hf is not installed here")


sys.meta_path.insert(0, Blocker())
import torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageTextToText, AutoProcessor
from transformers import AutoTokenizer, pipeline

torch.set_num_threads(1)
page, broken, *folders = map(Path, sys.argv[1:])
content = [{"type": "image", "image": str(page)}, {"type": "text", "text": "Read the text."}]
messages = [{"role": "user", "content": content}]


def ask(model, processor):
    prompt = processor.apply_chat_template(messages, add_generation_prompt=True)
    inputs = processor(text=prompt, images=Image.open(page), return_tensors="pt")
    return {"input_ids": inputs["input_ids"].tolist(), "answer": model.generate(**inputs).tolist()}


def as_served(folder):
    config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    config.auto_map["AutoModel"] = "modeling_fcotvl.FCoTVLModel"  # the override that vLLM needs
    model = AutoModel.from_config(config, trust_remote_code=True)
    return [type(model).__name__, model.is_backend_compatible()]


def visit(folder):
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
    again = folder.parent / f"again-{folder.name}"
    for part in (model, processor):
        part.save_pretrained(again)
    others = [AutoConfig, AutoModelForImageTextToText, AutoImageProcessor, AutoTokenizer]
    loaded = [loader.from_pretrained(again, trust_remote_code=True) for loader in others]
    ready = pipeline("image-text-to-text", model=str(again), trust_remote_code=True)
    return {
        "classes": [type(part).__name__ for part in (processor, model, *loaded)],
        "first": ask(model, processor),
        "second": ask(loaded[1], AutoProcessor.from_pretrained(again, trust_remote_code=True)),
        "pipeline": ready(text=messages, return_full_text=False)[0]["generated_text"],
        "chat": model.chat(processor, Image.open(page), "Read the text."),
        "as_served": as_served(again),  # a folder that AutoModel has not read before: it remembers its class
    }


def refusal():
    try:
        AutoModel.from_pretrained(broken, trust_remote_code=True)
    except ValueError as error:
        return str(error)


print(json.dumps({
    "models": {folder.name: visit(folder) for folder in folders},
    "refusal": refusal(),
    "imported": [name for name in sys.modules if name.split(".")[0] == "fcotvl_hf"],
}))
"""


@pytest.fixture(scope="module")
def folders(session_teacher: tuple, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model folder for each compressor, none of which is as it started."""
    home = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    for kind in COMPRESSORS:
        model, processor = build_student(session_teacher[0], kind, 1 if kind == "none" else 2), session_teacher[1]
        for parameter in model.model.compressor.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        model.save_pretrained(home / kind)
        with_tokens(processor, model.config.image_seq_length).save_pretrained(home / kind)
    return {kind: home / kind for kind in COMPRESSORS}


@pytest.fixture(scope="module")
def broken(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student whose checkpoint is its teacher's, without a compressor."""
    folder = tmp_path_factory.mktemp("models") / "broken"
    shutil.copytree(folders["conv1d"], folder)
    shutil.copy(folders["none"] / "model.safetensors", folder)
    return folder


@pytest.fixture(scope="module")
def stranger(
    folders: dict[str, Path], broken: Path, page: Image.Image, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """What a process without this package found in the folders; it saved each again beside it."""
    home = tmp_path_factory.mktemp("stranger")
    page.save(home / "page.png")
    command = [sys.executable, "-I", "-c", STRANGER, home / "page.png", broken, *folders.values()]
    run = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_stranger_works_without_our_package(stranger: dict[str, Any]) -> None:
    assert stranger["imported"] == []
    assert stranger["models"].keys() == COMPRESSORS.keys()


@every_compressor
def test_stranger_gets_our_classes(stranger: dict[str, Any], folders: dict[str, Path], kind: str) -> None:
    assert stranger["models"][kind]["classes"] == [
        "FCoTVLProcessor",
        "FCoTVLForConditionalGeneration",
        "FCoTVLConfig",
        "FCoTVLForConditionalGeneration",
        "FCoTVLImageProcessor",
        type(FCoTVLProcessor.from_pretrained(folders[kind]).tokenizer).__name__,
    ]


@every_compressor
def test_stranger_gets_the_same_answer_on_every_way(
    stranger: dict[str, Any], folders: dict[str, Path], page: Image.Image, kind: str
) -> None:
    model = FCoTVLForConditionalGeneration.from_pretrained(folders[kind])
    processor = FCoTVLProcessor.from_pretrained(folders[kind])
    content = [{"type": "image"}, {"type": "text", "text": "Read the text."}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(text=prompt, images=page, return_tensors="pt")
    answer = model.generate(**inputs)
    found = stranger["models"][kind]
    assert found["first"] == {"input_ids": inputs["input_ids"].tolist(), "answer": answer.tolist()}
    assert found["second"] == found["first"]
    new = answer[0, inputs["input_ids"].shape[1] :]
    assert found["pipeline"] == found["chat"] == processor.decode(new, skip_special_tokens=True)


@every_compressor
def test_stranger_can_save_it_again(stranger: dict[str, Any], folders: dict[str, Path], kind: str) -> None:
    folder = folders[kind]
    again = folder.parent / f"again-{kind}"
    assert {file.name for file in again.iterdir()} == {file.name for file in folder.iterdir()}
    for name in ("model.safetensors", "processor_config.json", "chat_template.jinja", *CODE):
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


@every_compressor
def test_vllm_would_find_a_model_it_can_build(stranger: dict[str, Any], kind: str) -> None:
    assert stranger["models"][kind]["as_served"] == ["FCoTVLModel", True]


def test_stranger_is_told_of_missing_weights(stranger: dict[str, Any], broken: Path) -> None:
    told = f"{broken} does not fit its config.json: missing keys model.compressor.bias, model.compressor.weight"
    assert stranger["refusal"] == told


@every_compressor
def test_shipped_code_is_ours_byte_for_byte(folders: dict[str, Path], kind: str) -> None:
    assert {file.name for file in folders[kind].glob("*.py")} == set(CODE)
    for name in CODE:
        assert (folders[kind] / name).read_bytes() == (SOURCES / name).read_bytes()


def test_a_student_that_init_made_ships_it_too(teacher_folder: Path, tmp_path: Path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    assert {file.name for file in (tmp_path / "student").glob("*.py")} == set(CODE)


def test_auto_map_names_every_auto_class(folders: dict[str, Path]) -> None:
    auto_map = json.loads((folders["conv1d"] / "config.json").read_text())["auto_map"]
    assert auto_map["AutoModel"] == "modeling_fcotvl.FCoTVLForConditionalGeneration"
    assert set(auto_map) == {
        "AutoConfig",
        "AutoModel",
        "AutoModelForImageTextToText",
        "AutoProcessor",
        "AutoImageProcessor",
    }


def test_package_users_need_no_trust_flag(folders: dict[str, Path]) -> None:
    assert type(AutoConfig.from_pretrained(folders["conv1d"])) is fcotvl_hf.modeling.FCoTVLConfig
    assert type(AutoProcessor.from_pretrained(folders["conv1d"])) is FCoTVLProcessor
    for loader in (AutoModel, AutoModelForImageTextToText):
        assert type(loader.from_pretrained(folders["conv1d"])) is FCoTVLForConditionalGeneration


@every_compressor
def test_the_model_without_its_head_loads_from_the_same_folder(folders: dict[str, Path], kind: str) -> None:
    whole, body = (part.from_pretrained(folders[kind]) for part in (FCoTVLForConditionalGeneration, FCoTVLModel))
    assert whole.model.state_dict().keys() == body.state_dict().keys()
    assert all(torch.equal(weight, body.state_dict()[name]) for name, weight in whole.model.state_dict().items())


def test_saved_weights_come_back(session_teacher: tuple, teacher_folder: Path) -> None:
    again = FCoTVLForConditionalGeneration.from_pretrained(teacher_folder).state_dict()
    weights = session_teacher[0].state_dict()
    assert set(again) == set(weights)
    assert all(torch.equal(weight, again[name]) for name, weight in weights.items())
