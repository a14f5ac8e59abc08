"""Shapes are the models they name, count like them, and can be read from a folder's JSON files alone."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    InternVLVisionConfig,
    InternVLVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.cost.configs import read_shape
from fcotvl_hf.cost.flops import language_prefill, prefill, vision_tile
from fcotvl_hf.cost.kv import kv_bytes, kv_bytes_per_token
from fcotvl_hf.cost.report import report
from fcotvl_hf.cost.shapes import SHAPES, Shape, TextShape, VisionShape
from fcotvl_hf.io.images import read_size
from fcotvl_hf.modeling import FCoTVLConfig

ORIGINALS = Path(__file__).parents[1] / "data" / "internvl2"


def language_model(text: TextShape) -> LlamaForCausalLM | Qwen2ForCausalLM:
    """The real class on the meta device, where nothing is stored or computed."""
    numbers = {name: number for name, number in asdict(text).items() if number is not None}
    kind, config = (Qwen2ForCausalLM, Qwen2Config) if text.hidden_size == 896 else (LlamaForCausalLM, LlamaConfig)
    with torch.device("meta"):
        return kind(config(**numbers, attn_implementation="eager"))


def vision_tower(vision: VisionShape) -> InternVLVisionModel:
    with torch.device("meta"):
        return InternVLVisionModel(
            InternVLVisionConfig(**asdict(vision), attention_bias=True, attn_implementation="eager")
        )


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("length", [912, 3408])
def test_prefill_of_real_widths_equals_the_flop_counter(name: str, length: int) -> None:
    text = replace(SHAPES[name].text_config, num_hidden_layers=1)
    states, mask = torch.empty(1, length, text.hidden_size, device="meta"), torch.empty(1, 1, length, length)
    model = language_model(text)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(inputs_embeds=states, attention_mask=mask.to("meta"), logits_to_keep=1, use_cache=False)
    assert counter.get_total_flops() == pytest.approx(2 * language_prefill(text, length), rel=0.02)


def test_vision_tower_of_real_width_equals_the_flop_counter() -> None:
    vision = VisionShape(num_hidden_layers=1)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        vision_tower(vision)(torch.empty(1, 3, 448, 448, device="meta"))
    assert counter.get_total_flops() == pytest.approx(2 * vision_tile(vision), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "parameters"), [("internvl2-2b", 1_889_146_880), ("internvl2-8b", 7_737_782_272)])
def test_language_models_have_the_published_number_of_parameters(name: str, parameters: int) -> None:
    assert sum(weight.numel() for weight in language_model(SHAPES[name].text_config).parameters()) == parameters


@pytest.mark.slow
def test_vision_tower_has_the_published_number_of_parameters() -> None:
    assert sum(weight.numel() for weight in vision_tower(VisionShape()).parameters()) == 304_012_288


def test_internvl2_1b_is_its_original_configuration(tmp_path: Path) -> None:
    language = {"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24}
    heads = {"num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151655}
    vision = {"model_type": "intern_vit_6b", "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24}
    tiles = {"num_attention_heads": 16, "image_size": 448, "patch_size": 14, "num_channels": 3}
    settings = {
        "model_type": "internvl_chat",
        "downsample_ratio": 0.5,
        "max_dynamic_patch": 12,
        "min_dynamic_patch": 1,
        "llm_config": language | heads,
        "vision_config": vision | tiles,
    }
    (tmp_path / "config.json").write_text(json.dumps(settings))
    assert read_shape(tmp_path, "internvl2-1b") == SHAPES["internvl2-1b"]
    assert kv_bytes_per_token(SHAPES["internvl2-1b"].text_config) == 2 * 24 * 2 * 64 * 2


@pytest.mark.parametrize("folder", sorted(ORIGINALS.iterdir()), ids=lambda folder: folder.name)
def test_original_layout_is_read(folder: Path) -> None:
    shape = read_shape(folder, folder.name)
    assert (shape.tile_size, shape.image_seq_length, shape.max_tiles) == (56, 4, 12)
    assert shape.text_config.num_attention_heads == 8
    assert shape.text_config.num_key_value_heads == (4 if folder.name == "llama" else 2)
    for case in json.loads((folder / "reference.json").read_text()):
        sizes = [(name, *read_size(folder / name)) for name in case["images"]]
        counted = report(shape, sizes, max_tiles=case["max_tiles"])
        assert [image.tiles for image in counted.images] == case["tiles_per_image"]


@pytest.mark.parametrize("stride", [2, 4])
def test_a_student_costs_the_same_by_shape_and_by_configuration(
    teacher_folder: Path, tmp_path: Path, stride: int
) -> None:
    config = init_student(str(teacher_folder), tmp_path / "student", stride)
    shape = read_shape(tmp_path / "student", "student")
    assert shape.image_seq_length == config.image_seq_length
    assert prefill(shape, 3, 20) == prefill(config, 3, 20)
    assert kv_bytes(shape, 3, 20) == kv_bytes(config, 3, 20)
    assert shape.max_tiles == 4  # from the processor


def test_strides_keep_everything_else() -> None:
    shape = SHAPES["internvl2-2b"]
    assert [shape.at_stride(stride).image_seq_length for stride in (1, 2, 4, 16)] == [256, 128, 64, 16]
    student = replace(shape, compressor_stride=8)
    assert student.at_stride(2).at_stride(8) == student
    assert list(student.default_strides()) == [1, 2, 4, 8]


def test_only_strides_that_fit_are_compared() -> None:
    narrow = Shape("narrow", SHAPES["internvl2-2b"].text_config, VisionShape(image_size=(56, 56)))
    assert list(narrow.default_strides()) == [1, 2]
    with pytest.raises(ValueError, match="stride 4 does not divide the 2 visual tokens in a row of narrow's tiles"):
        narrow.at_stride(4)


def test_fewer_layers_keep_the_ratio_of_both_towers() -> None:
    cut = SHAPES["internvl2-8b"].with_layers(4)
    assert (cut.vision_config.num_hidden_layers, cut.text_config.num_hidden_layers) == (3, 4)
    assert replace(cut, vision_config=VisionShape(), text_config=SHAPES["internvl2-8b"].text_config) == SHAPES[cut.name]
    assert SHAPES["internvl2-2b"].with_layers(1).vision_config.num_hidden_layers == 1
    with pytest.raises(ValueError, match="24 vision layers and 32 language layers.*choose a multiple of 4"):
        SHAPES["internvl2-8b"].with_layers(2)


def test_same_tokens_as_the_configuration_class() -> None:
    config = FCoTVLConfig(compressor_type="conv1d", compressor_stride=4)
    assert SHAPES["internvl2-8b"].at_stride(4).image_seq_length == config.image_seq_length


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no json", "is no valid JSON"),
        ("[]", "holds no JSON object"),
        ('{"model_type": "llava"}', "model of type llava; costs are known for fcotvl, internvl, internvl_chat"),
        ('{"model_type": "internvl"}', "text_config in config.json lacks hidden_size, intermediate_size"),
    ],
)
def test_what_is_no_model_is_refused(content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=told):
        read_shape(tmp_path, "it")


def test_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="it holds no model: there is no config.json in it"):
        read_shape(tmp_path, "it")
