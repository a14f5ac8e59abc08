"""``METHOD:KEEP``: what it means, what it refuses, and that every method spends what it says."""

import random
from typing import Any

import pytest
import torch
from PIL import Image

from fcotvl_hf.baselines import METHODS, fewer_tiles, parse_specification, reduced
from fcotvl_hf.command import UsageError
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import TASKS

FIXED = (
    "mean:0.5",
    "mean:0.5,window=square",
    "random:0.5",
    "divprune:0.5",
    "tome:0.5",
    "prumerge:0.5",
    "visionzip:0.5",
)


def pages(count: int) -> list[dict[str, Any]]:
    """Noise pages of one tile and of several."""
    rng = random.Random(0)
    question = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Read the text."}]}
    answer = {"role": "assistant", "content": [{"type": "text", "text": "?"}]}
    sizes = [(rng.randint(60, 400), rng.randint(60, 300)) for _ in range(count)]
    images = [Image.effect_noise(size, 90).convert("RGB") for size in sizes]
    return [{"id": str(i), "images": [image], "messages": [question, answer]} for i, image in enumerate(images)]


@pytest.mark.parametrize("text", ["fastv:0.5", "fastv:0.3,layer=3", "mean:0.25,window=square", "random:0.125,seed=7"])
def test_a_specification_is_read_and_written(text: str) -> None:
    asked = parse_specification(text)
    assert str(asked) == text
    assert asked.options.keys() == METHODS[asked.method].options.keys()


def test_defaults_are_filled_in_and_not_written() -> None:
    asked = parse_specification("fastv:0.50,layer=2")
    assert (asked.method, asked.keep, dict(asked.options)) == ("fastv", 0.5, {"layer": 2})
    assert str(asked) == "fastv:0.5"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fastw:0.5", "no method 'fastw'; write METHOD:KEEP with one of mean, random"),
        ("fastv", "does not say which share"),
        ("fastv:half", "does not say which share"),
        ("fastv:1", "does not say which share"),
        ("fastv:nan", "does not say which share"),
        ("visionzip:0.3", "one of a whole number of tokens: 0.5, 0.25"),
        ("visionzip:0.5,layer=2", "no option 'layer'; it has none"),
        ("fastv:0.5,seed=2", "no option 'seed'; there is layer"),
        ("fastv:0.5,layer=two", "a whole number after layer=, not 'two'"),
        ("mean:0.5,window=round", "one of row, square after window=, not 'round'"),
        ("fastv:0.5,", "no option ''"),
    ],
)
def test_what_is_no_specification_is_told_what_is(text: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_specification(text)
    assert told in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("text", FIXED)
@torch.no_grad()
def test_generation_equals_a_full_forward_over_the_reduced_tokens(session_teacher, page, text: str) -> None:
    teacher, processor = session_teacher
    model, matching = (made := reduced(teacher, processor, text)).model, made.processor
    inputs = matching(text="<|user|><IMG_CONTEXT>Read<|im_end|><|assistant|>", images=page, return_tensors="pt")
    placeholders = (inputs["input_ids"] == matching.image_token_id)[0]
    assert int(placeholders.sum()) == 3 * 16 // 2
    assert made.tokens_per_layer(24) == [24, 24]
    length = inputs["input_ids"].shape[1]
    ids = model.generate(**inputs, max_new_tokens=6, do_sample=False)
    embeddings = teacher.get_input_embeddings()(ids)
    visual = model.get_image_features(inputs["pixel_values"]).pooler_output
    embeddings[0, placeholders.nonzero()[:, 0]] = visual.flatten(0, 1)
    hidden = teacher.model.language_model(inputs_embeds=embeddings).last_hidden_state
    assert torch.equal(teacher.lm_head(hidden).argmax(-1)[0, length - 1 : -1], ids[0, length:])


@pytest.mark.parametrize("text", ["visionzip:0.25", "prumerge:0.25", "tome:0.25", "divprune:0.25"])
def test_a_padded_batch_with_several_images_answers_like_single_rows(session_teacher, page, encode, text: str) -> None:
    teacher, processor = session_teacher
    made = reduced(teacher, processor, text)
    tile = page.crop((0, 0, 112, 112))
    rows = [([page], "Read the text."), ([tile, page], "Compare both."), ([], "Say hello."), ([tile], "Short?")]
    options = {"max_new_tokens": 5, "do_sample": False}
    together = made.model.generate(**encode(made.processor, *rows), **options)[:, -5:].tolist()
    singles = [made.model.generate(**encode(made.processor, row), **options)[0, -5:].tolist() for row in rows]
    assert together == singles


def test_tokens_per_layer_of_fastv(deep_teacher) -> None:
    made = reduced(*deep_teacher, "fastv:0.25,layer=3")
    assert made.tokens_per_layer(48) == [48, 48, 48, 12]


def test_every_method_spends_its_share_of_tokens(session_teacher) -> None:
    teacher, processor = session_teacher
    rows, task = pages(24), TASKS["tiny-lookup"]
    full = evaluate(teacher, processor, rows, task, progress=False).tokens_per_image
    for text in ("visionzip:0.25", "smaller-tiles:0.5", "fewer-tiles:0.6"):
        made = reduced(teacher, processor, text, rows)
        spent = evaluate(made.model, made.processor, rows, task, progress=False).tokens_per_image
        assert spent == pytest.approx(full * made.specification.keep, rel=0.05)


def test_fewer_tiles_limit_each_page_in_turn(session_teacher, caplog: pytest.LogCaptureFixture) -> None:
    teacher, processor = session_teacher
    rows = pages(24)
    model, chosen = fewer_tiles(teacher, processor, rows, 0.5)
    assert model is teacher and list(chosen) == [row["id"] for row in rows]
    assert processor.image_processor.max_patches == 4
    tiles = {row["id"]: (_tiles(processor, row), _tiles(chosen[row["id"]], row)) for row in rows}
    assert all(fewer <= full for full, fewer in tiles.values())
    assert len({fewer for _, fewer in tiles.values()}) > 1
    single = [{**row, "images": [Image.new("RGB", (112, 112))]} for row in rows[:3]]
    fewer_tiles(teacher, processor, single, 0.5)
    assert "leave 1.00 of the tokens, not 0.50" in caplog.text


def test_what_does_not_fit_is_refused(session_teacher) -> None:
    teacher, processor = session_teacher
    for text in ("smaller-tiles:0.5", "fewer-tiles:0.5"):
        with pytest.raises(ValueError, match="can be evaluated on rows only"):
            reduced(teacher, processor, text)
    with pytest.raises(ValueError, match="does not divide the 16 visual tokens"):
        reduced(teacher, processor, f"visionzip:{1 / 3:.17g}")
    made = reduced(teacher, processor, "tome:0.5")
    for method in METHODS:
        with pytest.raises(ValueError, match="stride 1"):
            reduced(made.model, made.processor, f"{method}:0.5", [])


def _tiles(processor, row) -> int:
    width, height = row["images"][0].size
    return processor.image_processor.get_number_of_image_patches(height, width)
