"""What people reach for in transformers works with these models as with its own."""

from pathlib import Path
from threading import Thread

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, GenerationConfig, TextIteratorStreamer, pipeline

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


def test_pipeline_answers_like_chat(reader: Model, reader_folder: Path, page: Image.Image) -> None:
    model, processor = reader
    pipe = pipeline("image-text-to-text", model=str(reader_folder), device="cpu")
    tile = page.crop((0, 0, 112, 112))
    conversations = [
        [{"role": "user", "content": [{"type": "image", "image": image}, {"type": "text", "text": question}]}]
        for image, question in ((page, "Read the text."), (tile, "What is the value of Total?"))
    ]
    answers = pipe(text=conversations, batch_size=2, return_full_text=False, generate_kwargs={"max_new_tokens": 6})
    expected = [
        model.chat(processor, page, "Read the text.", max_new_tokens=6),
        model.chat(processor, tile, "What is the value of Total?", max_new_tokens=6),
    ]
    assert [answer[0]["generated_text"] for answer in answers] == expected


def test_answer_comes_in_pieces_from_another_thread(reader: Model, page: Image.Image) -> None:
    model, processor = reader
    streamer = TextIteratorStreamer(processor.tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=60)
    thread = Thread(target=model.chat, args=(processor, page, "Read the text."), kwargs={"streamer": streamer})
    thread.start()
    pieces = list(streamer)
    thread.join()
    assert "".join(pieces) == model.chat(processor, page, "Read the text.")
    assert len(pieces) > 2


def test_generation_settings_given_saved_and_loaded(reader: Model, reader_folder: Path, encode, tmp_path: Path) -> None:
    processor = reader[1]
    inputs = encode(processor, ([], "Say hello."))
    length = inputs["input_ids"].shape[1]
    model = AutoModelForImageTextToText.from_pretrained(reader_folder)
    end = model.generation_config.eos_token_id
    given = GenerationConfig(max_new_tokens=3, min_new_tokens=3, eos_token_id=end, pad_token_id=0)
    assert model.generate(**inputs, generation_config=given).shape[1] == length + 3
    model.generation_config.max_new_tokens = 2
    model.generation_config.min_new_tokens = 2
    model.save_pretrained(tmp_path)
    again = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert again.generate(**inputs).shape[1] == length + 2
    assert again.generate(**inputs, min_new_tokens=4, max_new_tokens=4).shape[1] == length + 4


@pytest.mark.parametrize("asked", ["auto", torch.float32, torch.float16])
def test_dtype_is_the_checkpoints_or_the_one_asked_for(
    reader: Model, reader_folder: Path, tmp_path: Path, asked: str | torch.dtype
) -> None:
    model = AutoModelForImageTextToText.from_pretrained(reader_folder, dtype=torch.bfloat16)
    model.save_pretrained(tmp_path)
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=asked)
    assert {weight.dtype for weight in loaded.parameters()} == {torch.bfloat16 if asked == "auto" else asked}
