"""Attention over the page: equal to the whole matrix of eager attention, and laid where the tokens came from."""

import copy
from typing import Any

import pytest
import torch
from PIL import Image

from fcotvl_hf.baselines import mean_pooling
from fcotvl_hf.eval_harness.attention import answer_attention, even_share, page_heat, token_window
from fcotvl_hf.eval_harness.attention_pictures import attention_picture, veiled
from fcotvl_hf.modeling import FCoTVLConfig

TALK = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Read the text."}]}]


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_it_is_the_mean_of_the_whole_attention(session_teacher: Any, page: Image.Image, stride: int) -> None:
    model, processor = session_teacher if stride == 1 else mean_pooling(*session_teacher, stride)
    prompt = processor.apply_chat_template(TALK, add_generation_prompt=True)
    inputs = processor(text=prompt, images=[page], return_tensors="pt")
    answer = torch.randint(5, 60, (40,), generator=torch.Generator().manual_seed(0))  # more than one chunk
    found = answer_attention(model, inputs, answer)

    whole = copy.deepcopy(model)
    whole.set_attn_implementation("eager")
    ids = torch.cat([inputs["input_ids"], answer[None]], dim=1)
    with torch.inference_mode():
        layers = whole(ids, pixel_values=inputs["pixel_values"], output_attentions=True).attentions
    start = inputs["input_ids"].shape[1] - 1  # the token at which the answer's first one is chosen
    rows = torch.stack(layers)[:, 0, :, start:-1]  # [layers, heads, answer, sequence]
    visual = ids[0] == model.config.image_token_id
    expected = rows.mean(dim=(0, 1, 2))[visual]
    assert found.shape == (3 * 16 // stride,)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)
    assert 0 < found.sum() < 1
    assert model.model.language_model.config._attn_implementation == "sdpa"  # as it was


def test_an_even_spread_counts_what_each_token_can_see() -> None:
    """A prompt of 4 with 2 visual tokens; the mask of a causal model, row by row."""
    seen = torch.ones(7, 7).tril()[3:6]  # where the answer's 3 tokens are chosen
    expected = (seen / seen.sum(dim=1, keepdim=True))[:, 1:3].sum(dim=1).mean()
    assert even_share(visual=2, prompt=4, answer=3) == pytest.approx(float(expected))


def test_weights_choose_among_the_answers_tokens(session_teacher: Any, page: Image.Image) -> None:
    model, processor = session_teacher
    prompt = processor.apply_chat_template(TALK, add_generation_prompt=True)
    inputs = processor(text=prompt, images=[page], return_tensors="pt")
    answer = torch.arange(20, 60)  # more than one chunk
    first = answer_attention(model, inputs, answer[:1])
    only_first = answer_attention(model, inputs, answer, 3.0 * torch.eye(40)[0])
    torch.testing.assert_close(only_first, first)
    last, everybody = (
        answer_attention(model, inputs, answer, weights) for weights in (torch.eye(40)[-1], torch.ones(40))
    )
    torch.testing.assert_close(everybody, answer_attention(model, inputs, answer))
    assert not torch.allclose(last, first)


def test_what_cannot_be_attended_to_is_told(session_teacher: Any, page: Image.Image) -> None:
    model, processor = session_teacher
    with pytest.raises(ValueError, match="empty answer"):
        attention_picture(model, processor, TALK, [page], "")
    talk = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    inputs = processor(text=processor.apply_chat_template(talk, add_generation_prompt=True), return_tensors="pt")
    with pytest.raises(ValueError, match="no image"):
        answer_attention(model, inputs, torch.tensor([7]))


def test_windows_of_the_compressors() -> None:
    def window(kind: str, stride: int) -> tuple[int, int]:
        return token_window(FCoTVLConfig(compressor_type=kind, compressor_stride=stride))

    assert window("none", 1) == (1, 1)
    assert window("mean", 2) == (1, 2)
    assert window("conv1d", 4) == (1, 4)
    assert window("conv2d", 4) == (2, 2)
    with pytest.raises(ValueError, match="'qformer' have no place"):
        window("qformer", 4)


@pytest.mark.parametrize("window", [(1, 1), (1, 2), (1, 4), (2, 2)], ids=str)
def test_every_token_lies_where_it_came_from(window: tuple[int, int]) -> None:
    """A page of 3 × 2 tiles with 4 × 4 tokens each: one token at a time gets all the attention."""
    height, width = window
    columns, rows, side = 3, 2, 4
    tokens = side * side // (height * width)
    per_row = side // width
    for tile, token in ((0, 0), (2, 1), (3, tokens - 1), (5, tokens // 2)):
        shares = torch.zeros(columns * rows + 1, tokens)
        shares[tile, token] = 1
        heat = page_heat(shares, columns, rows, window)
        assert heat.shape == (rows * side, columns * side)
        top = tile // columns * side + token // per_row * height
        left = tile % columns * side + token % per_row * width
        assert heat[top : top + height, left : left + width].sum() == pytest.approx(1)
        assert (heat > 0).sum() == height * width


def test_the_thumbnail_is_spread_over_the_whole_page() -> None:
    shares = torch.zeros(3, 4)
    shares[2, 1] = 1  # the thumbnail's second row, at windows of 1 × 4
    heat = page_heat(shares, 2, 1, (1, 4))
    assert heat.shape == (4, 8) and heat.sum() == pytest.approx(1)
    assert (heat[1] > 0).all() and (heat > 0).sum() == 8
    single = page_heat(torch.full((1, 16), 1 / 16), 1, 1, (1, 1))
    torch.testing.assert_close(single, torch.full((4, 4), 1 / 16))


def test_the_veil_is_thin_where_the_heat_is() -> None:
    page = Image.new("RGB", (80, 80), "white")
    heat = torch.zeros(4, 4)
    heat[:, 3] = 0.2
    veil = veiled(page, heat)
    assert veil.getpixel((78, 40)) == (255, 255, 255)
    assert max(veil.getpixel((10, 40))) < 160
    untouched = veiled(page, torch.zeros(4, 4))
    assert untouched.getextrema() == tuple([(untouched.getpixel((0, 0))[0],) * 2] * 3)


def test_several_pages_come_side_by_side(session_teacher: Any, page: Image.Image) -> None:
    pages = [page, page.crop((0, 0, 100, 50))]
    talk = [{"role": "user", "content": [{"type": "image"}, *TALK[0]["content"]]}]
    picture, share = attention_picture(*session_teacher, talk, pages, "Invoice")
    assert picture.size == (224 + 8 + 100, 112)
    assert 0 < share < 1
