"""A converted InternVL2 answers what the original implementation answered: ids, pixels, features, logits, tokens."""

from functools import cache
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch
from PIL import Image

from fcotvl_hf.cost.tokens import tiling_of
from fcotvl_hf.hub.models import load_model

from .conftest import KINDS, Case, read_cases

CASES = [(kind, number) for kind in KINDS for number in range(5)]
_PIXELS = 1e-6 if int(PIL.__version__.partition(".")[0]) >= 13 else 0.35
"""How far pixels may be off: 0.35 is 20 of 255 levels. Pillow 13, which made the reference, rounds otherwise than its
predecessors when it enlarges one side and shrinks the other.
"""


@cache
def _load(folder: Path):
    return load_model(str(folder), device="cpu")


def _inputs(processor, case: Case):
    content = [{"type": "image"} for _ in case.images]
    messages = [{"role": "user", "content": [*content, {"type": "text", "text": case.settings["question"]}]}]
    text = processor.apply_chat_template(messages, add_generation_prompt=True)
    return processor(text=text, images=case.images, max_patches=case.settings["max_tiles"], return_tensors="pt")


def _plain_tiles(image: Image.Image, side: int, max_tiles: int) -> list[Image.Image]:
    """The original's tiling in plain Pillow: tiles row by row, then the thumbnail."""
    cut = tiling_of(*image.size, tile_size=side, max_tiles=max_tiles)
    wide = image.resize((cut.columns * side, cut.rows * side), Image.Resampling.BICUBIC)
    corners = [(column * side, row * side) for row in range(cut.rows) for column in range(cut.columns)]
    tiles = [wide.crop((left, top, left + side, top + side)) for left, top in corners]
    return tiles if len(tiles) == 1 else [*tiles, image.resize((side, side), Image.Resampling.BICUBIC)]


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_pixels_are_those_of_the_pillow_that_is_installed(converted, kind: str, number: int) -> None:
    _, processor = _load(converted(kind))
    case, settings = read_cases(kind)[number], processor.image_processor
    side = settings.size["height"]
    tiles = [tile for image in case.images for tile in _plain_tiles(image, side, case.settings["max_tiles"])]
    levels = torch.stack([torch.from_numpy(np.array(tile)) for tile in tiles]).permute(0, 3, 1, 2) / 255
    mean, std = (torch.tensor(values)[:, None, None] for values in (settings.image_mean, settings.image_std))
    pixels = _inputs(processor, case)["pixel_values"]
    torch.testing.assert_close(pixels, (levels - mean) / std, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("kind", "number"), CASES)
@torch.no_grad()
def test_everything_equals_the_original(converted, kind: str, number: int) -> None:
    model, processor = _load(converted(kind))
    case = read_cases(kind)[number]
    inputs = _inputs(processor, case)
    assert torch.equal(inputs["input_ids"], case.reference["input_ids"])
    assert len(inputs["pixel_values"]) == sum(case.settings["tiles_per_image"])
    torch.testing.assert_close(inputs["pixel_values"], case.reference["pixel_values"], rtol=0, atol=_PIXELS)
    inputs["pixel_values"] = case.reference["pixel_values"]
    features = model.model.get_image_features(inputs["pixel_values"]).pooler_output
    torch.testing.assert_close(features, case.reference["image_features"], rtol=0, atol=1e-4)
    logits = model(**inputs).logits[:, -16:]
    torch.testing.assert_close(logits, case.reference["last_logits"], rtol=0, atol=1e-4)
    answer = model.generate(**inputs, max_new_tokens=24)[0, inputs["input_ids"].shape[1] :]
    assert answer.tolist() == case.reference["generated_ids"].flatten().tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_prompt_is_written_as_the_original_writes_it(converted, kind: str) -> None:
    _, processor = _load(converted(kind))
    for case in read_cases(kind):
        written = processor.tokenizer.decode(_inputs(processor, case)["input_ids"][0])
        expected = case.settings["prompt"].replace("<TILE>", "<IMG_CONTEXT>" * 4)
        assert written == (processor.tokenizer.bos_token or "") + expected
