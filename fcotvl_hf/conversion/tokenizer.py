"""A fast tokenizer that gives the original's ids, from SentencePiece or byte-level files.

The original tokenizers are slow or remote code. Built here: the pieces and their merges, the normalisation, the added
tokens at their ids, and BOS where the original adds it. Anything that would give other ids is refused.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, processors
from transformers import PreTrainedTokenizerFast

from .byte_level_bpe import read_byte_level
from .sentencepiece_bpe import read_sentencepiece

IMAGE_TOKENS = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
}
"""What the processor calls the tokens around and in place of an image."""

_ADDS_BOS = {"InternLM2Tokenizer": True, "InternLM2TokenizerFast": True, "LlamaTokenizer": True}
"""Tokenizer classes that put BOS in front unless ``add_bos_token`` says otherwise."""

_READERS: tuple[tuple[tuple[str, ...], Callable[[Path, dict[int, str]], Tokenizer]], ...] = (
    (("tokenizer.model",), read_sentencepiece),
    (("vocab.json", "merges.txt"), read_byte_level),
    (("tokenizer.json",), lambda folder, added: Tokenizer.from_file(str(folder / "tokenizer.json"))),
)


def convert_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Build the fast tokenizer of an original folder.

    Args:
        folder: with ``tokenizer_config.json`` and ``tokenizer.model``, ``vocab.json`` + ``merges.txt``, or
            ``tokenizer.json``.

    Raises:
        FileNotFoundError: a tokenizer file is missing.
        ValueError: a file is damaged, of a kind that is not supported, or an added token cannot have its id.
    """
    settings = read_json(folder / "tokenizer_config.json")
    added = _added_tokens(folder, settings)
    tokenizer = _read(folder, {index: token.content for index, token in added.items()})
    for index, token in sorted(added.items()):
        tokenizer.add_tokens([token])
        if tokenizer.token_to_id(token.content) != index:
            got = tokenizer.token_to_id(token.content)
            raise ValueError(f"{folder}: token {token.content} should have id {index}, but would have {got}")
    if adds_bos(settings):
        bos = _content(settings["bos_token"])
        tokenizer.post_processor = _prepend(bos, tokenizer.get_vocab()[bos])
    for needed in (*IMAGE_TOKENS.values(), "<|im_end|>"):
        if tokenizer.token_to_id(needed) is None:
            raise ValueError(f"{folder}: the tokenizer has no token {needed}")
    return _wrap(tokenizer, settings)


def adds_bos(settings: dict[str, Any]) -> bool:
    """Whether a tokenizer with this ``tokenizer_config.json`` puts BOS in front of what it encodes."""
    default = _ADDS_BOS.get(str(settings.get("tokenizer_class")), False)
    return bool(settings.get("add_bos_token", default)) and settings.get("bos_token") is not None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no JSON object.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; download the model again")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds no JSON object")
    return content


def _read(folder: Path, added: dict[int, str]) -> Tokenizer:
    for names, reader in _READERS:
        if all((folder / name).is_file() for name in names):
            return reader(folder, added)
    wanted = ", ".join(" + ".join(names) for names, _ in _READERS)
    raise FileNotFoundError(f"{folder} holds no tokenizer: none of {wanted}")


def _added_tokens(folder: Path, settings: dict[str, Any]) -> dict[int, AddedToken]:
    """Added tokens by id; older folders have ``added_tokens.json`` only, in which all are special."""
    if "added_tokens_decoder" in settings:
        return {int(index): _added_token(**token) for index, token in settings["added_tokens_decoder"].items()}
    if (folder / "added_tokens.json").is_file():
        tokens = read_json(folder / "added_tokens.json")
        return {index: AddedToken(content, normalized=False, special=True) for content, index in tokens.items()}
    return {}


def _added_token(content: str, **options: bool) -> AddedToken:
    return AddedToken(content, **options)


def _prepend(bos: str, index: int) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(single=[bos, "$A"], pair=[bos, "$A", bos, "$B"], special_tokens=[(bos, index)])


def _wrap(tokenizer: Tokenizer, settings: dict[str, Any]) -> PreTrainedTokenizerFast:
    named = {name: settings.get(name) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        extra_special_tokens=IMAGE_TOKENS,
        clean_up_tokenization_spaces=False,
        model_max_length=settings.get("model_max_length"),
        padding_side="left",
        **{name: _content(token) for name, token in named.items() if token is not None},
    )


def _content(token: str | dict[str, Any]) -> str:
    return token if isinstance(token, str) else str(token["content"])
