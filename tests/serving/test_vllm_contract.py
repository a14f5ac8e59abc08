"""What vLLM asks of a model it does not know, checked without vLLM; else it fails, or answers wrongly in silence.

Its backend for transformers models builds the model anew with linear layers of its own, counts placeholders before any
pixel is read, and passes on arguments that models do not know:
https://docs.vllm.ai/en/latest/models/supported_models.html#transformers.
"""

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

from fcotvl_hf.baselines.sharing import with_tokens
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.hub.cards import checkpoint_card, serving_section
from fcotvl_hf.hub.names import PACKAGED, resolve_model
from fcotvl_hf.modeling import COMPRESSORS, FCoTVLForConditionalGeneration, FCoTVLModel, FCoTVLProcessor
from fcotvl_hf.serving import vllm_plugin

ROOT = Path(__file__).parents[2]

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


class ForeignLinear(nn.Module):
    """A linear layer that can only be called, as an engine's own: neither ``weight`` nor ``bias`` is where it was."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._packed = [linear]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._packed[0](inputs)


@pytest.fixture(params=COMPRESSORS)
def served(request: pytest.FixtureRequest, tiny_teacher: Model) -> FCoTVLForConditionalGeneration:
    """A student with each compressor."""
    return build_student(tiny_teacher[0], request.param, 1 if request.param == "none" else 2)


@pytest.fixture
def processor(session_teacher: Model) -> FCoTVLProcessor:
    """That of a student of stride 2."""
    return with_tokens(session_teacher[1], 8)


@pytest.fixture
def fake_vllm(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A module ``vllm`` that notes what is registered; afterwards ``AutoModel`` gives again what it gave."""
    noted: dict[str, str] = {}
    module = ModuleType("vllm")
    monkeypatch.setattr(module, "ModelRegistry", SimpleNamespace(register_model=noted.__setitem__), raising=False)
    monkeypatch.setitem(sys.modules, "vllm", module)
    yield noted
    AutoModel.register(FCoTVLForConditionalGeneration.config_class, FCoTVLForConditionalGeneration, exist_ok=True)


def test_image_features_are_one_tensor_and_unknown_arguments_are_passed_over(
    served: FCoTVLForConditionalGeneration,
) -> None:
    pixels = torch.randn(5, 3, 112, 112)
    features = served.get_image_features(pixels, return_dict=True, image_grid_thw=torch.ones(5, 3)).pooler_output
    assert isinstance(features, torch.Tensor)
    assert features.shape == (5, served.config.image_seq_length, served.config.text_config.hidden_size)
    assert torch.equal(features, served.model.get_image_features(pixels).pooler_output)


def test_linear_layers_can_be_replaced(served: FCoTVLForConditionalGeneration) -> None:
    assert served.model.is_backend_compatible()
    pixels = torch.randn(2, 3, 112, 112)
    expected = served.get_image_features(pixels).pooler_output
    replaced = 0
    for module in list(served.model.modules()):
        for name, child in list(module.named_children()):
            assert not isinstance(child, nn.MultiheadAttention)
            if isinstance(child, nn.Linear):
                setattr(module, name, ForeignLinear(child))
                replaced += 1
    assert replaced > 10
    assert torch.equal(served.get_image_features(pixels).pooler_output, expected)


def test_the_model_is_built_without_memory_for_its_weights(served: FCoTVLForConditionalGeneration) -> None:
    with torch.device("cpu"), init_empty_weights(include_buffers=False):  # as vLLM does, which loads them itself
        model = FCoTVLModel(served.config)
    assert all(parameter.is_meta for parameter in model.parameters())


def test_hidden_states_come_first_without_a_return_dict(session_teacher: Model, page: Image.Image) -> None:
    model, processor = session_teacher
    inputs = processor(text="<IMG_CONTEXT>Read the text.", images=page, return_tensors="pt")
    hidden = model.model(**inputs, use_cache=False, return_dict=False)[0]
    assert torch.equal(model.lm_head(hidden), model(**inputs).logits)


def test_tokens_are_counted_without_pixels(processor: FCoTVLProcessor) -> None:
    sizes = [(112, 112), (224, 112), (100, 400), (300, 310), (30, 500)]
    counted = processor._get_num_multimodal_tokens([(height, width) for width, height in sizes])
    for (width, height), tokens, tiles in zip(sizes, counted.num_image_tokens, counted.num_image_patches, strict=True):
        inputs = processor(text="<IMG_CONTEXT>", images=Image.new("RGB", (width, height)), return_tensors="pt")
        assert tokens == inputs["input_ids"].shape[1]  # the image's two tags are counted
        assert tiles == len(inputs["pixel_values"])
        assert (inputs["input_ids"] == processor.image_token_id).sum() == tiles * 8


def test_each_image_says_where_its_placeholders_went(processor: FCoTVLProcessor, page: Image.Image) -> None:
    tile = page.crop((0, 0, 112, 112))
    texts, images = ["<IMG_CONTEXT> and <IMG_CONTEXT>", "no image", "<IMG_CONTEXT>"], [[page, tile], [], [tile]]
    inputs: dict[str, Any] = processor(text=texts, images=images, padding=True, return_text_replacement_offsets=True)
    offsets = inputs["text_replacement_offsets"]
    assert [[entry["type"] for entry in sample] for sample in offsets] == [["image", "image"], [], ["image"]]
    written = [processor.tokenizer(entry["replacement"])["input_ids"] for sample in offsets for entry in sample]
    assert [len(ids) for ids in written] == [3 * 8 + 2, 8 + 2, 8 + 2]
    assert inputs["image_grid_thw"].prod(-1).tolist() == [3, 1, 1]


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
