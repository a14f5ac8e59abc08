"""What was lost is the divergence of distillation, and lies where the teacher looked when it arose."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from fcotvl_hf.app.family import Family, Member
from fcotvl_hf.app.lost import what_was_lost
from fcotvl_hf.app.reading import Reading, encode, read

QUESTION = "Read the text."


@pytest.fixture(scope="module")
def said(family: Family, page: Image.Image) -> Reading:
    *_, last = read(family.reference, page, QUESTION, 8)
    return replace(last, ids=tuple(range(20, 28)))  # letters; a random model's answers hold any token


def test_nothing_is_lost_on_oneself(family: Family, page: Image.Image, said: Reading) -> None:
    loss = what_was_lost(family.reference, family.reference, page, QUESTION, said)
    assert loss.divergences == pytest.approx([0.0] * 8, abs=1e-5)


def test_it_is_the_kl_divergence_of_whole_logits(
    family: Family, page: Image.Image, said: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcotvl_hf.app.lost._CHUNK", 3)
    student = family.students[1]
    loss = what_was_lost(family.reference, student, page, QUESTION, said)
    teachers, students = (_log_probs(member, page, said) for member in (family.reference, student))
    expected = torch.nn.functional.kl_div(students, teachers, log_target=True, reduction="none").sum(-1)
    torch.testing.assert_close(torch.tensor(loss.divergences), expected, atol=1e-4, rtol=1e-3)
    assert loss.mean == pytest.approx(float(expected.mean()), rel=1e-3)


def test_it_is_laid_on_the_page(family: Family, page: Image.Image, said: Reading) -> None:
    loss = what_was_lost(family.reference, family.students[0], page, QUESTION, said)
    assert loss.heat is not None
    heat = torch.tensor(loss.heat)
    assert heat.shape == (4, 8)  # two tiles of 4 × 4 tokens side by side
    assert heat.max() == 1 and heat.min() >= 0


def test_tokens_without_a_place_have_no_heat(family: Family, page: Image.Image, said: Reading) -> None:
    teacher = Member("teacher", family.reference.model, family.reference.processor, None)
    loss = what_was_lost(teacher, family.students[0], page, QUESTION, said)
    assert loss.heat is None and len(loss.divergences) == 8


def _log_probs(member: Member, page: Image.Image, said: Reading) -> torch.Tensor:
    inputs = encode(member, page, QUESTION)
    ids = torch.cat([inputs["input_ids"], torch.tensor([said.ids])], dim=1)
    with torch.inference_mode():
        logits = member.model(input_ids=ids, pixel_values=inputs["pixel_values"]).logits[0, -9:-1]
    return logits.log_softmax(-1)
