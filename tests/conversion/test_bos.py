"""A tokenizer with BOS puts it in front exactly once, whichever way a conversation takes; one without never does."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from fcotvl_hf.conversion.chat_templates import build_chat_template
from fcotvl_hf.conversion.convert import open_source
from fcotvl_hf.conversion.native import native_processor
from fcotvl_hf.conversion.tokenizer import convert_tokenizer
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLProcessor

from .conftest import KINDS, ORIGINALS, edit_json, set_at

OWN = "{% for message in messages %}<|im_start|>{{ message.role }}: {{ message.content }}<|im_end|>{% endfor %}"
TEMPLATES = {
    "known": build_chat_template("native", with_bos=False),
    "known, with BOS": build_chat_template("native", with_bos=True),
    "own": OWN,
    "own, with BOS": "{{ bos_token }}" + OWN,
}


def _paths(processor: FCoTVLProcessor) -> dict[str, list[int]]:
    """The ids of a text, and of a conversation, on every way to them."""
    page = Image.new("RGB", (56, 56))
    messages = [{"role": "user", "content": [{"type": "image", "image": page}, {"type": "text", "text": "Hi"}]}]
    text = processor.apply_chat_template(messages)
    if "<IMG_CONTEXT>" not in text:  # the own template above writes no images
        text += "<IMG_CONTEXT>"
        whole = {}
    else:
        tokens = processor.apply_chat_template(messages, tokenize=True, return_dict=True)
        whole = {"template and tokens in one": tokens["input_ids"][0]}
    without = text.removeprefix(processor.tokenizer.bos_token or "")
    said = processor.tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], return_dict=True)
    trl = processor(text=text, images=page, add_special_tokens=False)
    return whole | {
        "rendered, then processed": processor(text=text, images=page)["input_ids"][0],
        "a batch": processor(text=[text, "Hi"], images=[page], padding=True)["input_ids"][0],
        "without special tokens, as TRL does": trl["input_ids"][0],
        "a prompt without it": processor(text=without, images=page)["input_ids"][0],
        "the tokenizer's template": said["input_ids"],
        "plain text": processor.tokenizer("Hi")["input_ids"],
    }


def _check_once(processor: FCoTVLProcessor) -> None:
    bos = processor.tokenizer.bos_token_id
    for path, ids in _paths(processor).items():
        assert ids[0] == bos and ids.count(bos) == 1, path


@pytest.fixture
def fast_only(tmp_path: Path) -> Path:
    """The Llama original with a ``tokenizer.json`` and nothing else that says BOS, as Llama 3 has."""
    folder = Path(shutil.copytree(ORIGINALS / "llama", tmp_path / "fast"))
    convert_tokenizer(folder).backend_tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer.model").unlink()
    edit_json(folder / "tokenizer_config.json", set_at("tokenizer_class", "PreTrainedTokenizerFast"))
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_bos_comes_exactly_once_on_every_path(converted, kind: str) -> None:
    processor = FCoTVLProcessor.from_pretrained(converted(kind))
    if kind != "qwen2":
        return _check_once(processor)
    assert processor.tokenizer.bos_token_id is None
    assert all(ids[0] != processor.tokenizer.pad_token_id for ids in _paths(processor).values())


def test_bos_that_only_tokenizer_json_adds_comes_once(fast_only: Path, converted, tmp_path: Path) -> None:
    open_source(fast_only).processor.save_pretrained(tmp_path / "saved")
    processor = FCoTVLProcessor.from_pretrained(tmp_path / "saved")
    _check_once(processor)
    assert _paths(processor) == _paths(FCoTVLProcessor.from_pretrained(converted("llama")))


def test_a_fast_tokenizer_of_a_class_with_bos_follows_its_setting(fast_only: Path) -> None:
    settings = fast_only / "tokenizer_config.json"
    edit_json(settings, lambda it: it.update(tokenizer_class="LlamaTokenizerFast", add_bos_token=False))
    tokenizer = convert_tokenizer(fast_only)
    assert tokenizer("Hi")["input_ids"] == tokenizer("Hi", add_special_tokens=False)["input_ids"]
    edit_json(settings, lambda it: it.pop("add_bos_token"))
    assert convert_tokenizer(fast_only)("Hi")["input_ids"][0] == tokenizer.bos_token_id


def test_a_tokenizer_that_adds_something_else_is_refused(fast_only: Path) -> None:
    edit_json(fast_only / "tokenizer_config.json", set_at("bos_token", "</s>"))
    with pytest.raises(ValueError, match="turns 'a' into <s> a; it may add nothing but bos_token in front"):
        open_source(fast_only)


@pytest.mark.parametrize("template", TEMPLATES)
def test_native_folders_with_bos_get_it_once(converted, tmp_path: Path, template: str) -> None:
    folder = Path(shutil.copytree(converted("llama"), tmp_path / "native"))
    (folder / "chat_template.jinja").write_text(TEMPLATES[template])
    native_processor(folder, FCoTVLConfig.from_pretrained(folder)).save_pretrained(tmp_path / "saved")
    processor = FCoTVLProcessor.from_pretrained(tmp_path / "saved")
    _check_once(processor)
    rest = FCoTVLProcessor.from_pretrained(folder).apply_chat_template([{"role": "user", "content": "Hi"}])
    assert processor.apply_chat_template([{"role": "user", "content": "Hi"}]) == "<s>" + rest.removeprefix("<s>")
