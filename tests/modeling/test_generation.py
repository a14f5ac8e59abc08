"""Every way of ``generate`` gives the answer that the model's own logits ask for."""

import pytest
import torch
import transformers
from packaging.version import Version
from PIL import Image
from transformers.modeling_outputs import BaseModelOutputWithPooling

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


@pytest.fixture
def tile(page: Image.Image) -> Image.Image:
    return page.crop((0, 0, 112, 112))


def _words(model: FCoTVLForConditionalGeneration) -> dict[str, list[int]]:
    """A random model says ``<IMG_CONTEXT>``, for which there is no picture, and stops anywhere: let it do neither."""
    return {"suppress_tokens": [model.config.image_token_id, model.config.text_config.eos_token_id]}


@pytest.mark.parametrize(
    "options",
    [{"cache_implementation": "static"}, {"use_cache": False}, {"prefill_chunk_size": 8}],
    ids=["static cache", "no cache", "prompt in chunks"],
)
def test_caches_do_not_change_the_answer(reader: Model, page: Image.Image, encode, options: dict[str, object]) -> None:
    model, processor = reader
    inputs = encode(processor, ([page], "Read the text."))
    expected = model.generate(**inputs, **_words(model), max_new_tokens=8)
    assert torch.equal(model.generate(**inputs, **_words(model), max_new_tokens=8, **options), expected)


def test_sampling_follows_the_seed(reader: Model, page: Image.Image, encode) -> None:
    model, processor = reader
    inputs = encode(processor, ([page], "Read the text."))

    def sample(seed: int, **options: float) -> list[list[int]]:
        torch.manual_seed(seed)
        return model.generate(**inputs, do_sample=True, max_new_tokens=8, **options).tolist()

    assert sample(1) == sample(1) != sample(2)
    assert sample(1, top_k=1) == model.generate(**inputs, max_new_tokens=8).tolist()


def test_a_beam_of_all_words_finds_the_best_pair(reader: Model, page: Image.Image, encode) -> None:
    model, processor = reader
    inputs = encode(processor, ([page], "Read the text."))
    words = [
        word for word in range(model.config.text_config.vocab_size) if word not in _words(model)["suppress_tokens"]
    ]
    found = model.generate(**inputs, **_words(model), max_new_tokens=2, num_beams=len(words))[0, -2:]
    prompts = inputs["input_ids"].expand(len(words), -1)
    features = model.get_image_features(inputs["pixel_values"]).pooler_output.repeat(len(words), 1, 1)
    logits = model(
        input_ids=torch.cat([prompts, torch.tensor(words)[:, None]], dim=1),
        mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=features)},
        logits_to_keep=2,
    ).logits  # [first word, 2, vocabulary]
    first, second = logits.log_softmax(-1)[..., words].unbind(1)
    best = int((first[0][:, None] + second).argmax())
    assert found.tolist() == [words[best // len(words)], words[best % len(words)]]


def test_beams_of_a_padded_batch_answer_like_single_rows(
    reader: Model, page: Image.Image, tile: Image.Image, encode
) -> None:
    model, processor = reader
    rows = [([page], "Read the text."), ([tile, page], "Compare both."), ([], "Say hello."), ([tile], "Short?")]
    options = {"num_beams": 3, "max_new_tokens": 6, **_words(model)}
    singles = [model.generate(**encode(processor, row), **options)[0, -6:].tolist() for row in rows]
    assert model.generate(**encode(processor, *rows), **options)[:, -6:].tolist() == singles
    assert len({tuple(answer) for answer in singles}) > 1


def test_several_images_stand_where_they_were_placed(
    reader: Model, page: Image.Image, tile: Image.Image, encode
) -> None:
    model, processor = reader
    inputs = encode(processor, ([tile, page], "Compare both."))
    features = [processor.image_processor(image, return_tensors="pt")["pixel_values"] for image in (tile, page)]
    embeddings = model.get_input_embeddings()(inputs["input_ids"]).detach()
    place = inputs["input_ids"] == model.config.image_token_id
    embeddings[place] = torch.cat([model.get_image_features(part).pooler_output.flatten(0, 1) for part in features])
    by_hand = model.generate(inputs_embeds=embeddings.detach(), attention_mask=inputs["attention_mask"])
    swapped = model.generate(**encode(processor, ([page, tile], "Compare both.")))
    answer = model.generate(**inputs)[0, inputs["input_ids"].shape[1] :].tolist()
    assert answer == by_hand[0].tolist()
    assert answer != swapped[0, inputs["input_ids"].shape[1] :].tolist()


def test_a_second_turn_may_go_on_with_the_cache_of_the_first(reader: Model, page: Image.Image, encode) -> None:
    model, processor = reader
    inputs = encode(processor, ([page], "Read the text."))
    options = {"max_new_tokens": 6, **_words(model)}
    first = model.generate(**inputs, **options, return_dict_in_generate=True)
    more = processor.tokenizer("<|im_end|><|user|>And now?<|im_end|><|assistant|>", return_tensors="pt")["input_ids"]
    both = torch.cat([first.sequences, more], dim=1)
    mask = torch.ones_like(both)
    name = "cache" if Version(transformers.__version__) >= Version("5.24") else "past_key_values"
    cached = model.generate(input_ids=both, attention_mask=mask, **{name: first[name]}, **options)
    pixels = inputs["pixel_values"]
    assert torch.equal(cached, model.generate(input_ids=both, attention_mask=mask, pixel_values=pixels, **options))


def test_text_alone_is_the_language_models(reader: Model, encode) -> None:
    model, processor = reader
    inputs = encode(processor, ([], "Say hello."))
    assert "pixel_values" not in inputs
    hidden = model.model.language_model(**inputs).last_hidden_state
    assert torch.equal(model(**inputs).logits, model.lm_head(hidden))
    assert model.generate(**inputs, max_new_tokens=1)[0, -1] == model.lm_head(hidden)[0, -1].argmax()
