"""What vLLM asks of a model it does not know, checked without vLLM; else it fails, or answers wrongly in silence."""

import copy
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate import init_empty_weights
from PIL import Image
from torch import nn
from transformers import AutoModel

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.hub.cards import checkpoint_card, serving_section
from fcotvl_hf.hub.names import PACKAGED, resolve_model
from fcotvl_hf.modeling import COMPRESSORS, FCoTVLForConditionalGeneration, FCoTVLModel, FCoTVLProcessor
from fcotvl_hf.serving import vllm_plugin

ROOT = Path(__file__).parents[2]

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


@pytest.fixture(params=sorted(set(COMPRESSORS) - {"none"}))
def student(session_teacher: Model, request: pytest.FixtureRequest) -> Model:
    """A student of stride 2 with each of the compressors."""
    model = build_student(session_teacher[0], request.param, 2)
    processor = copy.copy(session_teacher[1])
    processor.image_seq_length = model.config.image_seq_length
    return model, processor


@pytest.fixture
def fake_vllm(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A module ``vllm`` that notes what is registered; afterwards ``AutoModel`` gives again what it gave."""
    noted: dict[str, str] = {}
    module = ModuleType("vllm")
    monkeypatch.setattr(module, "ModelRegistry", SimpleNamespace(register_model=noted.__setitem__), raising=False)
    monkeypatch.setitem(sys.modules, "vllm", module)
    yield noted
    AutoModel.register(FCoTVLForConditionalGeneration.config_class, FCoTVLForConditionalGeneration, exist_ok=True)


def test_image_features_are_one_tensor_whatever_else_is_passed(student: Model) -> None:
    model = student[0].model
    found = model.get_image_features(torch.zeros(3, 3, 112, 112), return_dict=True, image_grid_thw=torch.ones(1, 3))
    assert found.pooler_output.shape == (3, 8, model.config.text_config.hidden_size)


def test_modules_are_such_as_vllm_can_replace(student: Model) -> None:
    model = student[0].model
    assert model.is_backend_compatible()
    assert not [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]


def test_the_model_is_built_without_memory_for_its_weights(student: Model) -> None:
    with torch.device("cpu"), init_empty_weights(include_buffers=False):  # as vLLM does, which loads them itself
        model = FCoTVLModel(student[0].config)
    assert all(parameter.is_meta for parameter in model.parameters())


def test_tokens_counted_from_sizes_are_the_tokens_written(student: Model, page: Image.Image) -> None:
    processor = student[1]
    images = [page, page.crop((0, 0, 112, 112))]
    counted = processor._get_num_multimodal_tokens(image_sizes=[(image.height, image.width) for image in images])
    inputs = processor(
        text="<IMG_CONTEXT> and <IMG_CONTEXT>", images=images, return_text_replacement_offsets=True, return_tensors="pt"
    )
    (entries,) = inputs["text_replacement_offsets"]
    written = [len(processor.tokenizer(entry["replacement"])["input_ids"]) for entry in entries]
    assert counted["num_image_tokens"] == written == [3 * 8 + 2, 8 + 2]
    assert counted["num_image_patches"] == inputs["image_grid_thw"].prod(-1).tolist() == [3, 1]


def test_plugin_shows_vllm_the_model_without_head(fake_vllm: dict[str, str], session_teacher: Model) -> None:
    vllm_plugin.register()
    vllm_plugin.register()  # vLLM may load a plugin more than once
    assert fake_vllm == {"FCoTVLForConditionalGeneration": vllm_plugin.BACKEND}
    assert type(AutoModel.from_config(session_teacher[0].config)) is FCoTVLModel


def test_plugin_is_found_by_vllm_and_costs_nothing_until_called() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (value,) = project["entry-points"]["vllm.general_plugins"].values()
    assert EntryPoint("fcotvl", value, "vllm.general_plugins").load() is vllm_plugin.register
    program = "import sys, fcotvl_hf.serving.vllm_plugin as p\nassert not {'torch', 'vllm'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_card_and_the_documentation_show_the_overrides(
    documented: Callable[..., str], session_teacher: Model
) -> None:
    overrides = _overrides(documented("bash", "vllm serve PATH_OR_ID"))
    assert overrides == _overrides(documented("bash", "api_server", "--trust-remote-code"))
    assert overrides["auto_map"]["AutoModel"] == "modeling_fcotvl.FCoTVLModel"
    config = session_teacher[0].config
    card = checkpoint_card(config, name="a", stage="b", steps=1, tags=[], datasets=[], settings={})
    packaged = [Path(resolve_model(name), "README.md").read_text() for name in PACKAGED]
    assert all(_overrides(text) == overrides for text in [card.text, *packaged])


def test_card_serves_the_model_it_describes() -> None:
    assert "vllm serve me/my-model --trust-remote-code" in serving_section("me/my-model")


def _overrides(text: str) -> dict[str, Any]:
    return json.loads(text.split("--hf-overrides '")[1].split("'")[0])
