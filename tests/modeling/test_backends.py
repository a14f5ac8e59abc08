"""Attention kernels, half precision, compilation and placement change how the model runs and not what it says."""

import copy
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]

SPLIT = {
    "model.vision_tower": "cpu",
    "model.compressor": "disk",
    "model.multi_modal_projector": "disk",
    "model.language_model": "disk",
    "lm_head": "cpu",
}
"""Parts in memory and parts on disk, as ``device_map="auto"`` does where memory is short."""


def test_eager_attention_gives_the_logits_of_sdpa(reader: Model, page: Image.Image, encode) -> None:
    model, processor = copy.deepcopy(reader)
    inputs = encode(processor, ([page], "Read the text."), ([], "A much longer question, so that the first is padded?"))
    kept = inputs["attention_mask"].bool()
    logits = {}
    for kind in ("sdpa", "eager"):
        model.set_attn_implementation(kind)
        assert model.model.vision_tower.config._attn_implementation == kind
        logits[kind] = model(**inputs).logits[kept]
    torch.testing.assert_close(logits["eager"], logits["sdpa"], rtol=0, atol=1e-4)


def test_bfloat16_is_near_float32(reader: Model, page: Image.Image, encode) -> None:
    model, processor = copy.deepcopy(reader)
    inputs = encode(processor, ([page], "Read the text."))
    expected = model(**inputs).logits
    model.to(torch.bfloat16)
    logits = model(**inputs.to(torch.bfloat16)).logits
    assert logits.dtype == torch.bfloat16
    similarity = torch.cosine_similarity(logits.float(), expected, dim=-1)
    assert similarity.min() > 0.999
    answer = model.generate(**inputs, max_new_tokens=4)
    assert answer.shape[1] == inputs["input_ids"].shape[1] + 4


@pytest.mark.parametrize("device_map", ["auto", "cpu", SPLIT], ids=["auto", "cpu", "partly on disk"])
def test_placement(reader: Model, reader_folder: Path, page: Image.Image, encode, device_map, tmp_path) -> None:
    model, processor = reader
    inputs = encode(processor, ([page], "Read the text."))
    placed = AutoModelForImageTextToText.from_pretrained(reader_folder, device_map=device_map, offload_folder=tmp_path)
    if isinstance(device_map, dict):
        assert placed.model.language_model.norm.weight.is_meta
    assert torch.equal(placed.generate(**inputs), model.generate(**inputs))


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method`:DeprecationWarning")
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_the_way_of_a_tile_compiles_in_one_piece(session_student: Model, page: Image.Image, backend: str) -> None:
    model, processor = session_student
    pixels = processor.image_processor(page, return_tensors="pt")["pixel_values"]
    compiled = torch.compile(model.model.get_image_features, fullgraph=True, backend=backend)
    with torch.no_grad():
        for tiles in (pixels, pixels[:1]):
            expected = model.model.get_image_features(tiles).pooler_output
            torch.testing.assert_close(compiled(tiles).pooler_output, expected, rtol=1e-4, atol=1e-4)
