"""``chat`` asks what the chat template writes, and what people wrote for InternVL2 means the same."""

import copy

import pytest
import torch
from PIL import Image
from transformers import GenerationConfig, TextStreamer

from fcotvl_hf.conversion.chat_templates import build_chat_template
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


def _asked(reader: Model, images: list[Image.Image], messages: list[dict[str, object]]) -> str:
    """The answer by hand: template, processor, ``generate``, decoding."""
    model, processor = reader
    prompt = processor.apply_chat_template(messages, add_generation_prompt=True)
    inputs = processor(text=prompt, images=images or None, return_tensors="pt")
    answer = model.generate(**inputs)[0, inputs["input_ids"].shape[1] :]
    return processor.tokenizer.decode(answer, skip_special_tokens=True)


def _user(images: int, text: str) -> dict[str, object]:
    return {"role": "user", "content": [{"type": "image"}] * images + [{"type": "text", "text": text}]}


def _assistant(text: str) -> dict[str, object]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def test_one_image_or_a_list_or_none(reader: Model, page: Image.Image) -> None:
    model, processor = reader
    expected = _asked(reader, [page], [_user(1, "Read the text.")])
    assert expected
    assert model.chat(processor, page, "Read the text.") == expected
    assert model.chat(processor, [page], "Read the text.") == expected
    assert model.chat(processor, page, "Read the text.", return_dict_in_generate=True) == expected
    assert model.chat(processor, None, "Hello?") == _asked(reader, [], [_user(0, "Hello?")])


def test_history_goes_on_from_call_to_call(reader: Model, page: Image.Image) -> None:
    model, processor = reader
    first, history = model.chat(processor, page, "Read the text.", return_history=True)
    assert history == [("Read the text.", first)]
    second, longer = model.chat(processor, page, "And now?", history=history, return_history=True)
    messages = [_user(1, "Read the text."), _assistant(first), _user(0, "And now?")]
    assert second == _asked(reader, [page], messages)
    assert longer == [("Read the text.", first), ("And now?", second)]
    assert len(history) == 1


def test_placeholders_put_images_where_internvl2_did(reader: Model, page: Image.Image) -> None:
    model, processor = reader[0], copy.deepcopy(reader[1])
    processor.chat_template = build_chat_template("internlm2-chat", with_bos=False)
    tile = page.crop((0, 0, 112, 112))
    one = model.chat(processor, page, "Read the text.")
    assert model.chat(processor, page, "<image>\nRead the text.") == one
    two = model.chat(processor, [tile, page], "Compare.")
    assert model.chat(processor, [tile, page], "Image-1: <image>\nImage-2: <image>\nCompare.") == two
    assert model.chat(processor, [page, tile], "Compare.") != two != one


def test_images_may_be_placed_in_several_questions(reader: Model, page: Image.Image) -> None:
    model, processor = reader
    tile = page.crop((0, 0, 112, 112))
    history = [("<image>Read it.", "So."), ("Fine.", "Yes.")]
    said = [_user(1, "Read it."), _assistant("So."), _user(0, "Fine."), _assistant("Yes."), _user(1, "And this?")]
    expected = _asked(reader, [tile, page], said)
    assert model.chat(processor, [tile, page], "<image>And this?", history=history) == expected


def test_every_image_is_placed_or_none(reader: Model, page: Image.Image) -> None:
    model, processor = reader
    with pytest.raises(ValueError, match="the questions place 1 images with <image>, 2 were given; write it once per"):
        model.chat(processor, [page, page], "<image>\nCompare.")
    with pytest.raises(ValueError, match="place 2 images with <image>, 1 were given"):
        model.chat(processor, page, "And <image>?", history=[("<image>\nRead.", "So.")])


def test_the_arguments_of_internvl2_are_refused_with_what_to_give(reader: Model, page: Image.Image) -> None:
    model, processor = reader
    usage = r"call model\.chat\(processor, images, question, max_new_tokens=256\)"
    settings = {"max_new_tokens": 4}
    with pytest.raises(TypeError, match=f"a {type(processor.tokenizer).__name__} as the processor; {usage}"):
        model.chat(processor.tokenizer, None, "Hello?", settings)
    with pytest.raises(TypeError, match=f"a Tensor as an image; {usage}"):
        model.chat(processor, torch.zeros(2, 3, 112, 112), "Read the text.")
    with pytest.raises(TypeError, match=f"a str as an image; {usage}"):
        model.chat(processor, "page.png", "Read the text.")
    with pytest.raises(TypeError, match=f"a dict as generation_config; {usage}"):
        model.chat(processor, page, "Read the text.", settings)
    assert model.chat(processor, page, "Read.", GenerationConfig(max_new_tokens=4)) == model.chat(
        processor, page, "Read.", **settings
    )


def test_settings_reach_generate(reader: Model, page: Image.Image, capsys: pytest.CaptureFixture[str]) -> None:
    model, processor = reader
    streamer = TextStreamer(processor.tokenizer, skip_prompt=True, skip_special_tokens=True)
    long = model.chat(processor, page, "Read the text.", max_new_tokens=8, streamer=streamer)
    assert capsys.readouterr().out == long + "\n"
    short = model.chat(processor, page, "Read the text.", max_new_tokens=2)
    assert long.startswith(short) and long != short
