"""Stride 1 is InternVL bit for bit; a batch answers as its rows would alone; features are shared before compression."""

import pytest
import torch
from PIL import Image
from transformers import InternVLConfig, InternVLForConditionalGeneration

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


@pytest.fixture(params=[("none", 1), ("conv1d", 2), ("conv1d", 4), ("conv2d", 4), ("qformer", 2)], ids=str)
def any_model(tiny_teacher: Model, request: pytest.FixtureRequest) -> Model:
    model, processor = tiny_teacher
    model = build_student(model, *request.param)
    torch.manual_seed(0)
    for parameter in model.model.compressor.parameters():
        torch.nn.init.normal_(parameter, std=0.1)  # trained, not the mean
    processor.image_seq_length = model.config.image_seq_length
    return model, processor


def _prompt(processor: FCoTVLProcessor, images: int, question: str) -> str:
    content = [{"type": "image"}] * images + [{"type": "text", "text": question}]
    return processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)


def _native_twin(model: FCoTVLForConditionalGeneration) -> InternVLForConditionalGeneration:
    settings = model.config.to_dict()
    ours = (
        "model_type",
        "auto_map",
        "compressor_type",
        "compressor_stride",
        "compressor_groups",
        "compressor_position",
        "architectures",
    )
    config = InternVLConfig.from_dict({key: value for key, value in settings.items() if key not in ours})
    native = InternVLForConditionalGeneration(config).eval()
    native.load_state_dict(model.state_dict())
    native.generation_config = model.generation_config
    return native


def test_stride_one_is_native_internvl(tiny_teacher: Model, page: Image.Image) -> None:
    model, processor = tiny_teacher
    native = _native_twin(model)
    inputs = processor(text=_prompt(processor, 1, "Read the text."), images=page, return_tensors="pt")
    labels = inputs["input_ids"].masked_fill(inputs["input_ids"] == model.config.image_token_id, -100)
    ours, theirs = model(**inputs, labels=labels), native(**inputs, labels=labels)
    assert torch.equal(ours.logits, theirs.logits)
    assert torch.equal(ours.loss, theirs.loss)
    assert torch.equal(model.generate(**inputs), native.generate(**inputs))
    for loss in (ours.loss, theirs.loss):
        loss.backward()
    native_gradients = {name: parameter.grad for name, parameter in native.named_parameters()}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            assert native_gradients[name] is None, name
        else:
            assert torch.equal(parameter.grad, native_gradients[name]), name


@pytest.mark.parametrize("layer", [-1, -2, 1])
def test_another_layer_of_the_vision_tower_is_native_internvls(
    tiny_teacher: Model, page: Image.Image, layer: int
) -> None:
    model, processor = tiny_teacher
    native = _native_twin(model)
    pixels = processor.image_processor(page, return_tensors="pt")["pixel_values"]
    ours, theirs = (
        part.get_image_features(pixels, vision_feature_layer=layer).pooler_output for part in (model, native)
    )
    assert torch.equal(ours, theirs)


def test_the_picture_changes_the_answer(any_model: Model, page: Image.Image) -> None:
    model, processor = any_model
    prompt = _prompt(processor, 1, "Read the text.")
    other = page.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    logits = [
        model(**processor(text=prompt, images=image, return_tensors="pt")).logits[:, -1] for image in (page, other)
    ]
    assert (logits[0] - logits[1]).abs().max() > 1e-3


def test_left_padded_batch_answers_like_single_rows(any_model: Model, page: Image.Image) -> None:
    model, processor = any_model
    square = page.crop((0, 0, 112, 112))  # one tile
    rows = [
        (_prompt(processor, 1, "Read the text."), [page]),
        (_prompt(processor, 1, "What is the value of Total? Say it in one word."), [square]),
        (_prompt(processor, 2, "Compare."), [square, page]),
        (_prompt(processor, 0, "No image here."), []),
    ]
    singles = []
    for text, images in rows:
        inputs = processor(text=text, images=images or None, return_tensors="pt")
        answer = model.generate(**inputs, max_new_tokens=12)[0, inputs["input_ids"].shape[1] :]
        singles.append(processor.tokenizer.decode(answer, skip_special_tokens=True))
    batch = processor(
        text=[text for text, _ in rows], images=[images for _, images in rows], padding=True, return_tensors="pt"
    )
    answers = model.generate(**batch, max_new_tokens=12)[:, batch["input_ids"].shape[1] :]
    assert processor.tokenizer.batch_decode(answers, skip_special_tokens=True) == singles
    assert len(set(singles)) > 1


def test_generate_sees_what_forward_sees(any_model: Model, page: Image.Image) -> None:
    model, processor = any_model
    inputs = processor(text=_prompt(processor, 1, "Read the text."), images=page, return_tensors="pt")
    image_token = [model.config.image_token_id]  # a random model may say it, and would then look for a picture
    options = {"output_logits": True, "return_dict_in_generate": True, "suppress_tokens": image_token}
    answer = model.generate(**inputs, max_new_tokens=6, **options)
    inputs["input_ids"] = answer.sequences[:, :-1]
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    full = model(**inputs, logits_to_keep=len(answer.logits)).logits[0]
    torch.testing.assert_close(full, torch.cat(answer.logits), rtol=1e-4, atol=1e-4)


def test_vit_features_serve_teacher_and_student(any_model: Model, page: Image.Image) -> None:
    model, processor = any_model
    pixels = processor.image_processor(page, return_tensors="pt")["pixel_values"]
    shared = model.model.get_vit_features(pixels).pooler_output
    assert shared.shape == (3, 16, 128)
    by_hand = model.model.multi_modal_projector(model.model.compressor(shared))
    assert torch.equal(by_hand, model.model.get_image_features(pixels).pooler_output)


def test_wrong_number_of_placeholders_is_refused(tiny_teacher: Model, page: Image.Image) -> None:
    model, processor = tiny_teacher
    processor.image_seq_length = 8
    inputs = processor(text=_prompt(processor, 1, "Read."), images=page, return_tensors="pt")
    with pytest.raises(ValueError, match="do not match"):
        model(**inputs)
