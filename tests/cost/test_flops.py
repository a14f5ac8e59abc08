"""The formulas against a FLOP counter, and against figures of InternVL2 that were computed independently."""

import copy

import pytest
import torch
from PIL import Image
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.cost.flops import (
    language_prefill,
    llama_layer,
    prefill,
    standard_layer,
    standard_prefill,
    vision_tile,
)
from fcotvl_hf.cost.kv import kv_bytes, kv_bytes_per_token
from fcotvl_hf.eval_harness.compressor_cost import compressor_tile
from fcotvl_hf.modeling import FCoTVLConfig

VIT = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
LLM = {
    "2b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24, "num_attention_heads": 16},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32},
}


def internvl2(size: str, stride: int = 1) -> FCoTVLConfig:
    text = {"model_type": "llama", "vocab_size": 92553, "num_key_value_heads": 8, **LLM[size]}
    kind = "none" if stride == 1 else "conv1d"
    return FCoTVLConfig(vision_config=VIT, text_config=text, compressor_type=kind, compressor_stride=stride)


def test_standard_layer_by_hand() -> None:
    assert standard_layer(length=3, width=2, ffn_width=5) == 4 * 3 * 4 + 2 * 9 * 2 + 2 * 3 * 2 * 5


def test_standard_prefill_is_all_layers_without_the_head() -> None:
    text = internvl2("2b").text_config
    assert standard_prefill(text, 100) == 24 * standard_layer(100, 2048, 8192)


def test_llama_layer_with_all_heads_has_one_more_ffn_matrix() -> None:
    extra = 7 * 8 * 20
    assert llama_layer(7, 8, 20, heads=4, kv_heads=4, head_width=2) == standard_layer(7, 8, 20) + extra


def test_internvit_tile_is_0_72_teraflop() -> None:
    assert 2 * vision_tile(internvl2("2b").vision_config) == pytest.approx(0.724e12, rel=1e-3)


@pytest.mark.parametrize(
    ("size", "tiles", "reference"),  # TFLOP of the language model at 256, 128 and 64 tokens a tile; 80 text tokens
    [
        ("2b", 7, (6.0, 3.0, 1.6)),
        ("2b", 13, (11.4, 5.6, 2.8)),
        ("2b", 25, (23.7, 11.0, 5.4)),
        ("8b", 7, (27.1, 13.9, 7.4)),
        ("8b", 13, (50.6, 25.1, 13.0)),
        ("8b", 25, (101.5, 48.6, 24.2)),
    ],
)
def test_language_prefill_of_internvl2(size: str, tiles: int, reference: tuple[float, ...]) -> None:
    for tokens, teraflops in zip((256, 128, 64), reference, strict=True):
        flops = 2 * language_prefill(internvl2(size).text_config, tiles * tokens + 80, causal=True)
        assert flops / 1e12 == pytest.approx(teraflops, abs=0.055)


def test_vision_tower_caps_the_gain_of_a_small_model() -> None:
    teacher, student = (prefill(internvl2("2b", stride), tiles=13, text_tokens=80, causal=True) for stride in (1, 4))
    assert student.vision == teacher.vision
    assert teacher.language / student.language == pytest.approx(4.02, abs=0.02)
    assert teacher.total / student.total == pytest.approx(1.70, abs=0.02)


def test_kv_bytes_of_internvl2() -> None:
    assert kv_bytes_per_token(internvl2("2b").text_config) == 98_304
    assert kv_bytes_per_token(internvl2("8b").text_config) == 131_072
    assert kv_bytes(internvl2("2b"), tiles=13, text_tokens=0) == pytest.approx(327e6, rel=1e-3)
    assert kv_bytes(internvl2("2b", stride=4), tiles=13, text_tokens=0) == 13 * 64 * 98_304


@pytest.mark.parametrize(
    ("compressor", "stride", "position"),
    [
        ("none", 1, "before_projector"),
        ("mean", 2, "before_projector"),
        ("conv1d", 2, "before_projector"),
        ("conv1d", 4, "before_projector"),
        ("conv1d", 4, "after_projector"),
        ("conv2d", 4, "before_projector"),
        ("qformer", 2, "before_projector"),
        ("qformer", 4, "after_projector"),
    ],
)
def test_prefill_equals_the_flop_counter(
    tiny_teacher, page: Image.Image, compressor: str, stride: int, position: str
) -> None:
    teacher, processor = tiny_teacher
    model = build_student(teacher, compressor, stride, position) if stride > 1 else teacher
    model.set_attn_implementation("eager")  # the counter sees the full square only there
    processor = copy.copy(processor)
    processor.image_seq_length = model.config.image_seq_length
    inputs = processor(text="<IMG_CONTEXT>Read the text.", images=page, return_tensors="pt")
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter, torch.no_grad():
        model(**inputs, logits_to_keep=1)  # it counts fused kernels on CPUs as nothing
    visual = int((inputs["input_ids"] == model.config.image_token_id).sum())
    text = inputs["input_ids"].shape[1] - visual
    expected = prefill(model.config, len(inputs["pixel_values"]), text, compressor_tile=compressor_tile(model.config))
    counted = {name.partition(".")[2]: sum(parts.values()) for name, parts in counter.get_flop_counts().items()}
    assert counted["model.vision_tower"] == pytest.approx(2 * expected.vision, rel=0.02)
    assert counted.get("model.compressor", 0) == pytest.approx(2 * expected.compressor, rel=0.02)
    assert counted["model.multi_modal_projector"] == pytest.approx(2 * expected.projector, rel=0.02)
    language = counted["model.language_model"] + counted["lm_head"]
    assert language == pytest.approx(2 * expected.language, rel=0.02)
    assert counter.get_total_flops() == pytest.approx(expected.flops, rel=0.02)


def test_layers_may_see_different_numbers_of_tokens() -> None:
    text = internvl2("2b").text_config
    alike, halved = [1000] * 24, [1000] * 12 + [500] * 12
    assert language_prefill(text, alike, causal=True) == language_prefill(text, 1000, causal=True)
    both = language_prefill(text, 1000) + language_prefill(text, 500)
    assert 2 * language_prefill(text, halved) == both
    assert prefill(internvl2("2b"), 13, 80, lengths=halved).language == language_prefill(text, halved)


def test_a_compressor_is_left_out_unless_its_cost_is_given() -> None:
    without, given = (prefill(internvl2("2b", 2), 3, 80, compressor_tile=cost) for cost in (0, 1000))
    assert (without.compressor, given.compressor) == (0, 3000)
    assert given.total - without.total == 3000
