"""Chat templates write what the original writes: no newline after a turn, numbered images, marks around answers."""

import pytest
from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template

from fcotvl_hf.conversion.chat_templates import CONVERSATIONS, build_chat_template

PAGE = {"type": "image", "text": None}  # Arrow fills missing fields with None


def _say(role: str, *content: str | dict) -> dict:
    blocks = [part if isinstance(part, dict) else {"type": "text", "text": part} for part in content]
    return {"role": role, "content": blocks}


def _render(template: str, *messages: dict, **options: object) -> str:
    rendered, _ = render_jinja_template([list(messages)], chat_template=template, **options)
    return rendered[0]


def test_images_are_numbered_over_the_whole_conversation() -> None:
    template = build_chat_template("internlm2-chat", with_bos=False, system_prompt="S")
    text = _render(template, _say("user", PAGE, PAGE, "A?"), _say("assistant", "B."), _say("user", PAGE, "C?"))
    assert text == (
        "<|im_start|>system\nS<|im_end|>"
        "<|im_start|>user\nImage-1: <IMG_CONTEXT>\nImage-2: <IMG_CONTEXT>\nA?<|im_end|>"
        "<|im_start|>assistant\nB.<|im_end|>"
        "<|im_start|>user\nImage-3: <IMG_CONTEXT>\nC?<|im_end|>"
    )


def test_a_single_image_has_no_number() -> None:
    template = build_chat_template("Hermes-2", with_bos=False, system_prompt="S")
    text = _render(template, _say("user", PAGE, "A?"), add_generation_prompt=True)
    assert text.endswith("<|im_start|>user\n<IMG_CONTEXT>\nA?<|im_end|><|im_start|>assistant\n")


def test_a_system_message_replaces_the_prompt_even_if_empty() -> None:
    template = build_chat_template("internlm2-chat", with_bos=False)
    assert _render(template, {"role": "system", "content": "T"}, _say("user", "A?")).startswith(
        "<|im_start|>system\nT<|im_end|><|im_start|>user\n"
    )
    assert _render(template, {"role": "system", "content": ""}, _say("user", "A?")).startswith(
        "<|im_start|>system\n<|im_end|>"
    )


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_strings_and_blocks_are_written_alike(name: str) -> None:
    template = build_chat_template(name, with_bos=False)
    as_strings = _render(template, {"role": "user", "content": "A?"}, {"role": "assistant", "content": " B\n"})
    assert as_strings == _render(template, _say("user", "A?"), _say("assistant", " B\n"))
    assert "<|im_start|>assistant\n B\n<|im_end|>" in as_strings


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_prompt_is_the_beginning_of_its_conversation(name: str) -> None:
    template = build_chat_template(name, with_bos=False)
    prompt = _render(template, _say("user", PAGE, PAGE, "A?"), add_generation_prompt=True)
    assert _render(template, _say("user", PAGE, PAGE, "A?"), _say("assistant", "B.")).startswith(prompt)


def test_marks_cover_the_answer_and_its_end() -> None:
    template = build_chat_template("internlm2-chat", with_bos=False)
    messages = [_say("user", PAGE, "A?"), _say("assistant", "B."), _say("user", "C?"), _say("assistant", "D.")]
    [text], [spans] = render_jinja_template([messages], chat_template=template, return_assistant_tokens_mask=True)
    assert [text[start:end] for start, end in spans] == ["B.<|im_end|>", "D.<|im_end|>"]


def test_bos_is_written_once_where_the_tokenizer_has_one() -> None:
    template = build_chat_template("internlm2-chat", with_bos=True)
    text = _render(template, _say("user", "A?"), bos_token="<s>")
    assert text.startswith("<s><|im_start|>system\n") and text.count("<s>") == 1


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(ValueError, match="template='phi3-chat' is not supported"):
        build_chat_template("phi3-chat", with_bos=False)


def test_quotes_and_braces_in_a_system_prompt_are_text() -> None:
    prompt = 'It\'s "{{ 7 * 7 }}"\nand {% raw %}'
    template = build_chat_template("internlm2-chat", with_bos=False, system_prompt=prompt)
    try:
        assert prompt in _render(template, _say("user", "A?"))
    except TemplateError as error:
        pytest.fail(str(error))
