"""A local model's replies do not depend on the batch, and its confidence is that of transformers' own logits."""

from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from fcotvl_hf.dataset_builders.asking.local import LocalModel
from fcotvl_hf.dataset_builders.asking.request import Reply, Request, Settings

GREEDY = Settings(temperature=0, confidence=True, max_new_tokens=5, parallel=3)


@pytest.fixture
def requests(page: Image.Image) -> list[Request]:
    files = []
    for shade in (None, 0.9, 0.5):
        buffer = BytesIO()
        (page if shade is None else page.point(lambda value, shade=shade: value * shade)).save(buffer, format="PNG")
        files.append(buffer.getvalue())
    return [Request("Read the text.", files[0]), Request("What does it say now?", files[1]), Request("Read.", files[2])]


def test_confidence_is_that_of_the_logits_of_every_step(teacher_folder: Path, requests: list[Request]) -> None:
    model = LocalModel(str(teacher_folder), GREEDY)
    outcomes = dict(model.answer(requests))
    plain = AutoModelForImageTextToText.from_pretrained(teacher_folder, dtype=torch.float32).eval()
    processor = AutoProcessor.from_pretrained(teacher_folder)
    for request in requests:
        talk = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": request.prompt}]}]
        text = processor.apply_chat_template(talk, add_generation_prompt=True)
        inputs = processor(text=[text], images=[Image.open(BytesIO(request.image or b""))], return_tensors="pt")
        output = plain.generate(
            **inputs, max_new_tokens=5, do_sample=False, return_dict_in_generate=True, output_logits=True
        )
        tokens = output.sequences[0, inputs["input_ids"].shape[1] :]
        scores = [step[0].log_softmax(-1)[token] for step, token in zip(output.logits, tokens, strict=True)]
        reply = outcomes[request]
        assert isinstance(reply, Reply)
        assert reply.confidence == pytest.approx(torch.stack(scores).mean().exp().item(), rel=1e-3)
        assert reply.text == processor.decode(tokens, skip_special_tokens=True)


def test_batches_answer_as_single_requests_do(teacher_folder: Path, requests: list[Request]) -> None:
    together = dict(LocalModel(str(teacher_folder), GREEDY).answer(requests))
    alone = dict(LocalModel(str(teacher_folder), Settings(0, 5, True, parallel=1)).answer(requests))
    for request in requests:
        one, other = together[request], alone[request]
        assert isinstance(one, Reply) and isinstance(other, Reply)
        assert one.text == other.text and one.confidence == pytest.approx(other.confidence, rel=1e-3)


def test_draws_differ_and_repeat(teacher_folder: Path, requests: list[Request]) -> None:
    model = LocalModel(str(teacher_folder), Settings(temperature=2.0, max_new_tokens=8, parallel=1))
    draws = [Request(requests[0].prompt, requests[0].image, draw) for draw in (0, 1, 0)]
    said = [outcome for _, outcome in model.answer(draws)]
    assert said[0] == said[2] != said[1]
