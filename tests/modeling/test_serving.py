"""What vLLM's transformers backend asks of a model and its processor, checked without vLLM.

It builds the model anew with linear layers of its own, counts placeholders before any pixel is read, and passes on
arguments that models do not know: https://docs.vllm.ai/en/latest/models/supported_models.html#transformers.
"""

from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from fcotvl_hf.baselines.sharing import with_tokens
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.modeling import COMPRESSORS, FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


class ForeignLinear(nn.Module):
    """A linear layer that can only be called, as an engine's own: neither ``weight`` nor ``bias`` is where it was."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._packed = [linear]

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._packed[0](inputs)


@pytest.fixture(params=COMPRESSORS)
def served(request: pytest.FixtureRequest, tiny_teacher: Model) -> Model:
    """A student with each compressor, and its processor."""
    teacher, processor = tiny_teacher
    model = build_student(teacher, request.param, 1 if request.param == "none" else 2)
    return model, with_tokens(processor, model.config.image_seq_length)


def test_image_features_are_one_tensor_and_unknown_arguments_are_passed_over(served: Model) -> None:
    model, _ = served
    pixels = torch.randn(5, 3, 112, 112)
    features = model.get_image_features(pixels, return_dict=True, image_grid_thw=torch.ones(5, 3)).pooler_output
    assert isinstance(features, torch.Tensor)
    assert features.shape == (5, model.config.image_seq_length, model.config.text_config.hidden_size)
    assert torch.equal(features, model.model.get_image_features(pixels).pooler_output)


def test_linear_layers_can_be_replaced(served: Model) -> None:
    model, _ = served
    pixels = torch.randn(2, 3, 112, 112)
    expected = model.get_image_features(pixels).pooler_output
    replaced = 0
    for module in list(model.model.modules()):
        for name, child in list(module.named_children()):
            assert not isinstance(child, nn.MultiheadAttention)
            if isinstance(child, nn.Linear):
                setattr(module, name, ForeignLinear(child))
                replaced += 1
    assert replaced > 10
    assert torch.equal(model.get_image_features(pixels).pooler_output, expected)


def test_hidden_states_come_first_without_a_return_dict(served: Model, page: Image.Image) -> None:
    model, processor = served
    inputs = processor(text="<IMG_CONTEXT>Read the text.", images=page, return_tensors="pt")
    hidden = model.model(**inputs, use_cache=False, return_dict=False)[0]
    assert torch.equal(model.lm_head(hidden), model(**inputs).logits)


def test_tokens_are_counted_without_pixels(served: Model) -> None:
    model, processor = served
    sizes = [(112, 112), (224, 112), (100, 400), (300, 310), (30, 500)]
    counted = processor._get_num_multimodal_tokens([(height, width) for width, height in sizes])
    for (width, height), tokens, tiles in zip(sizes, counted.num_image_tokens, counted.num_image_patches, strict=True):
        inputs = processor(text="<IMG_CONTEXT>", images=Image.new("RGB", (width, height)), return_tensors="pt")
        assert tokens == inputs["input_ids"].shape[1]  # the image's two tags are counted
        assert tiles == len(inputs["pixel_values"])
        assert (inputs["input_ids"] == model.config.image_token_id).sum() == tiles * model.config.image_seq_length


def test_each_image_says_where_its_placeholders_went(served: Model, page: Image.Image) -> None:
    model, processor = served
    tile = page.crop((0, 0, 112, 112))
    texts, images = ["<IMG_CONTEXT> and <IMG_CONTEXT>", "no image", "<IMG_CONTEXT>"], [[page, tile], [], [tile]]
    inputs: dict[str, Any] = processor(text=texts, images=images, padding=True, return_text_replacement_offsets=True)
    offsets = inputs["text_replacement_offsets"]
    tokens = model.config.image_seq_length
    assert [[entry["type"] for entry in sample] for sample in offsets] == [["image", "image"], [], ["image"]]
    counts = [[entry["replacement"].count("<IMG_CONTEXT>") for entry in sample] for sample in offsets]
    assert counts == [[3 * tokens, tokens], [], [tokens]]
