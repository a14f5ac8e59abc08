"""A reading is what ``generate`` says, with its confidence and cost; who stops listening stops the model."""

from typing import Any

import pytest
import torch
from PIL import Image

from fcotvl_hf.app.family import Family
from fcotvl_hf.app.reading import encode, read
from fcotvl_hf.cost.kv import kv_bytes
from fcotvl_hf.hub.models import load_model


def test_it_is_the_models_own_answer(family: Family, page: Image.Image) -> None:
    for member in family.members:
        *growing, last = read(member, page, "Read the text.", 8)
        said = member.model.chat(member.processor, [page], "Read the text.", max_new_tokens=8, do_sample=False)
        assert last.text == said == "".join(last.pieces)
        assert last.finished and not any(reading.finished for reading in growing)
        assert all(last.text.startswith(reading.text) for reading in growing)
        assert len(last.ids) == len(last.pieces) == len(last.confidences) == 8


def test_confidence_is_the_probability_of_each_token(family: Family, page: Image.Image) -> None:
    member = family.reference
    *_, last = read(member, page, "Read the text.", 8)
    inputs = encode(member, page, "Read the text.")
    told = member.model.generate(
        **inputs, max_new_tokens=8, do_sample=False, output_logits=True, return_dict_in_generate=True
    )
    chosen = torch.cat(told.logits).log_softmax(-1)[range(8), list(last.ids)]
    torch.testing.assert_close(torch.tensor(last.confidences), chosen.exp(), atol=1e-4, rtol=1e-3)
    assert last.confidence == pytest.approx(float(chosen.mean().exp()), rel=1e-3)


def test_costs_and_times(family: Family, page: Image.Image) -> None:
    readings = [list(read(member, page, "Read the text.", 8))[-1] for member in family.members]
    assert [reading.visual_tokens for reading in readings] == [48, 24, 12]  # 2 × 1 tiles and a thumbnail
    assert len({(reading.tiles, reading.text_tokens, reading.vision_flops) for reading in readings}) == 1
    reference = readings[0]
    assert reference.kv_bytes == kv_bytes(family.reference.model.config, 3, reference.text_tokens, 4)
    assert readings[0].language_flops > readings[1].language_flops > readings[2].language_flops
    for reading in readings:
        assert reading.first_token_seconds is not None and reading.first_token_seconds > 0
        assert reading.tokens_per_second == pytest.approx(7 / reading.decode_seconds)


def test_a_single_token_has_no_speed(family: Family, page: Image.Image) -> None:
    *_, last = read(family.reference, page, "Read the text.", 1)
    assert len(last.ids) == 1 and last.tokens_per_second is None


def test_who_stops_listening_stops_the_model(
    family: Family, page: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcotvl_hf.app.reading._SHOWN_EVERY", 0.0)
    steps: list[int] = []
    member = family.reference
    hook = member.model.lm_head.register_forward_hook(lambda *_: steps.append(1))
    listening = read(member, page, "Read the text.", 400)
    next(listening)
    listening.close()  # returns when the model has stopped
    hook.remove()
    assert 0 < len(steps) < 200


def test_what_goes_wrong_in_the_model_is_raised(
    family: Family, page: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(family.reference.model, "generate", broken)
    with pytest.raises(RuntimeError, match="no memory"):
        list(read(family.reference, page, "Read the text.", 8))


def test_the_end_of_text_counts_but_is_not_shown(page: Image.Image) -> None:
    from fcotvl_hf.app.family import Member

    member = Member("tiny", *load_model("tiny"), (1, 1))
    *_, last = read(member, page, "Read the text.", 64)
    assert last.ids[-1] in {member.model.generation_config.eos_token_id, member.processor.tokenizer.eos_token_id}
    assert last.pieces[-1] == "" and last.text == "".join(last.pieces)
