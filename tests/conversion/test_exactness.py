"""A converted InternVL2 answers what the original implementation answered: ids, pixels, features, logits, tokens."""

from functools import cache
from pathlib import Path

import pytest
import torch

from fcotvl_hf.hub.models import load_model

from .conftest import KINDS, Case, read_cases

CASES = [(kind, number) for kind in KINDS for number in range(5)]


@cache
def _load(folder: Path):
    return load_model(str(folder), device="cpu")


def _inputs(processor, case: Case):
    content = [{"type": "image"} for _ in case.images]
    messages = [{"role": "user", "content": [*content, {"type": "text", "text": case.settings["question"]}]}]
    text = processor.apply_chat_template(messages, add_generation_prompt=True)
    return processor(text=text, images=case.images, max_patches=case.settings["max_tiles"], return_tensors="pt")


@pytest.mark.parametrize(("kind", "number"), CASES)
@torch.no_grad()
def test_everything_equals_the_original(converted, kind: str, number: int) -> None:
    model, processor = _load(converted(kind))
    case = read_cases(kind)[number]
    inputs = _inputs(processor, case)
    assert torch.equal(inputs["input_ids"], case.reference["input_ids"])
    assert len(inputs["pixel_values"]) == sum(case.settings["tiles_per_image"])
    torch.testing.assert_close(inputs["pixel_values"], case.reference["pixel_values"], rtol=0, atol=1e-6)
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
