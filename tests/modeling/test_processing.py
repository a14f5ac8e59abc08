"""The processor writes as many placeholders as the model emits tokens, and says so when it does not."""

import copy
import json
from pathlib import Path

import jinja2
import pytest
import torch
from PIL import Image
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from fcotvl_hf.conversion.chat_templates import build_chat_template
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.modeling import (
    FCoTVLConfig,
    FCoTVLForConditionalGeneration,
    FCoTVLImageProcessor,
    FCoTVLProcessor,
)

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


def _change(folder: Path, **settings: object) -> None:
    file = folder / "processor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def test_placeholders_for_several_images(tiny_teacher: Model, page: Image.Image) -> None:
    model, processor = tiny_teacher
    tile = page.crop((0, 0, 112, 112))
    ids = processor(text="<IMG_CONTEXT> and <IMG_CONTEXT>", images=[page, tile], return_tensors="pt")["input_ids"][0]
    assert (ids == model.config.image_token_id).sum() == (3 + 1) * 16
    text = processor.tokenizer.decode(ids)
    blocks = [f"<img>{'<IMG_CONTEXT>' * 16 * tiles}</img>" for tiles in (3, 1)]
    assert text == " and ".join(blocks)


def test_disagreement_with_the_model_is_refused_at_load(teacher_folder: Path, tmp_path: Path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    _change(tmp_path / "student", image_seq_length=16)
    with pytest.raises(ValueError, match="writes 16 placeholders per tile, the model emits 8"):
        FCoTVLProcessor.from_pretrained(tmp_path / "student")


def test_other_tile_size_is_refused_at_load(session_teacher: Model, teacher_folder: Path, tmp_path: Path) -> None:
    model, processor = session_teacher
    other = FCoTVLProcessor(FCoTVLImageProcessor(), processor.tokenizer, image_seq_length=16)
    model.config.save_pretrained(tmp_path)
    other.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="cuts tiles of 448 px, the model expects 112 px"):
        FCoTVLProcessor.from_pretrained(tmp_path)


def test_a_configuration_at_its_defaults_is_checked_too(session_teacher: Model, tmp_path: Path) -> None:
    FCoTVLConfig(compressor_type="conv1d", compressor_stride=2).save_pretrained(tmp_path)  # 448 px, 128 tokens
    processor = FCoTVLProcessor(FCoTVLImageProcessor(), session_teacher[1].tokenizer, image_seq_length=128)
    processor.save_pretrained(tmp_path)
    assert FCoTVLProcessor.from_pretrained(tmp_path).image_seq_length == 128
    _change(tmp_path, image_seq_length=256)
    with pytest.raises(ValueError, match="writes 256 placeholders per tile, the model emits 128"):
        FCoTVLProcessor.from_pretrained(tmp_path)


def test_a_processor_saved_alone_loads(session_teacher: Model, tmp_path: Path) -> None:
    processor = session_teacher[1]
    processor.save_pretrained(tmp_path)
    again = FCoTVLProcessor.from_pretrained(tmp_path)
    assert again.image_seq_length == 16
    assert again.image_processor.max_patches == processor.image_processor.max_patches
    assert again.chat_template == processor.chat_template


def test_max_patches_limits_a_call(session_teacher: Model, page: Image.Image) -> None:
    processor = session_teacher[1]
    pixels = processor(text="<IMG_CONTEXT>", images=page, max_patches=1, return_tensors="pt")["pixel_values"]
    assert pixels.shape == (1, 3, 112, 112)


def test_tile_counts_are_told_to_vllm_only(session_teacher: Model, page: Image.Image) -> None:
    processor = session_teacher[1]
    question = {"text": "<IMG_CONTEXT> and <IMG_CONTEXT>", "images": [page, page], "return_tensors": "pt"}
    assert "image_grid_thw" not in processor(**question)
    for_vllm = processor(**question, return_text_replacement_offsets=True)
    assert for_vllm["image_grid_thw"].tolist() == [[3, 1, 1], [3, 1, 1]]
    limited = processor(**question, return_text_replacement_offsets=True, max_patches=1)
    assert limited["image_grid_thw"].tolist() == [[1, 1, 1], [1, 1, 1]]


def test_masking_what_the_assistant_says_adds_no_input(session_teacher: Model, page: Image.Image) -> None:
    messages = [
        {"role": "user", "content": [{"type": "image", "image": page}, {"type": "text", "text": "Read the text."}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Yes"}]},
    ]
    inputs = session_teacher[1].apply_chat_template(
        messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
    )
    assert set(inputs) == {"input_ids", "attention_mask", "pixel_values", "assistant_masks"}


@pytest.mark.parametrize("order", ["tio", "ito", "iot", "tt", "t", "i"])
def test_rows_without_images_may_stand_anywhere_in_a_batch_of_trls(
    session_teacher: Model, page: Image.Image, order: str
) -> None:
    processor = session_teacher[1]
    rows = {
        "t": {"images": [], "messages": _turn("Hello.", "Good morning")},
        "i": {"images": [page], "messages": _turn("Read the text.", "Invoice 4711")},
        "o": {"images": [page, page.crop((0, 0, 112, 112))], "messages": _turn("Compare.", "One is longer")},
    }
    collate = DataCollatorForVisionLanguageModeling(processor, assistant_only_loss=True)
    batch = collate([copy.deepcopy(rows[kind]) for kind in order])
    pages = [image for kind in order for image in rows[kind]["images"]]
    if pages:
        tiles = processor.image_processor(pages, return_tensors="pt")["pixel_values"]
        assert torch.equal(batch["pixel_values"], tiles)
    assert ("pixel_values" in batch) == bool(pages)
    for kind, ids, labels in zip(order, batch["input_ids"], batch["labels"], strict=True):
        learned = processor.tokenizer.decode(labels[labels != -100])
        assert learned == rows[kind]["messages"][1]["content"] + "<|im_end|>"
        assert (ids == processor.image_token_id).sum() == 16 * {"t": 0, "i": 3, "o": 4}[kind]


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("template", [None, build_chat_template("Hermes-2", with_bos=False)], ids=["tiny", "internvl2"])
def test_content_that_would_vanish_is_refused(session_teacher: Model, template: str | None, kind: str) -> None:
    message = {"role": "user", "content": [{"type": kind}, {"type": "text", "text": "What is it?"}]}
    with pytest.raises(jinja2.TemplateError, match=f'content of type "{kind}" is not supported, only text and image'):
        session_teacher[1].apply_chat_template([message], chat_template=template)


def test_videos_are_refused(session_teacher: Model) -> None:
    with pytest.raises(ValueError, match="videos are not supported; give their frames as images"):
        session_teacher[1](text="What happens?", videos=[torch.zeros(4, 3, 112, 112)])


def _turn(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
