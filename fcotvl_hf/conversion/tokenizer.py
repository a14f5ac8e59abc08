"""A fast tokenizer that gives the original's ids, from SentencePiece or byte-level files.

The original tokenizers are slow or remote code. Built here: the pieces and their merges, the normalisation, the added
tokens at their ids, and BOS where the original adds it. Anything that would give other ids is refused.
"""

from collections.abc import Callable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, processors
from transformers import PreTrainedTokenizerFast
from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

from fcotvl_hf.io.json_object import read_json

from .byte_level_bpe import read_byte_level
from .sentencepiece_bpe import read_sentencepiece
from .settings import Settings, blamed_on

IMAGE_TOKENS = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
}
"""What the processor calls the tokens around and in place of an image."""

_BOS_CLASSES = ("InternLM2Tokenizer", "InternLM2TokenizerFast", "LlamaTokenizer", "LlamaTokenizerFast")
"""Tokenizer classes that put BOS in front unless ``add_bos_token`` is false, whatever ``tokenizer.json`` says."""


def _read_json(folder: Path, added: dict[int, str]) -> Tokenizer:
    path = folder / "tokenizer.json"
    with blamed_on(path):
        return Tokenizer.from_file(str(path))


_READERS: tuple[tuple[tuple[str, ...], Callable[[Path, dict[int, str]], Tokenizer]], ...] = (
    (("tokenizer.model",), read_sentencepiece),
    (("vocab.json", "merges.txt"), read_byte_level),
    (("tokenizer.json",), _read_json),
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
    path = folder / "tokenizer_config.json"
    settings = Settings(read_json(path), str(path))
    added = _added_tokens(folder, settings)
    tokenizer = _read(folder, {index: token.content for index, token in added.items()})
    for index, token in sorted(added.items()):
        tokenizer.add_tokens([token])
        if tokenizer.token_to_id(token.content) != index:
            got = tokenizer.token_to_id(token.content)
            raise ValueError(f"{folder}: token {token.content} should have id {index}, but would have {got}")
    _set_bos(tokenizer, settings, from_pieces=(folder / "tokenizer.model").is_file())
    for needed in (*IMAGE_TOKENS.values(), "<|im_end|>"):
        if tokenizer.token_to_id(needed) is None:
            raise ValueError(f"{folder}: the tokenizer has no token {needed}")
    return _wrap(tokenizer, settings)


def adds_bos(tokenizer: PreTrainedTokenizerFast) -> bool:
    """Whether a tokenizer puts BOS in front of what it encodes.

    Raises:
        ValueError: it adds something else to a text.
    """
    plain, full = (tokenizer("a", add_special_tokens=special)["input_ids"] for special in (False, True))
    if full not in (plain, [tokenizer.bos_token_id, *plain]):
        tokens = " ".join(tokenizer.convert_ids_to_tokens(full))
        raise ValueError(f"the tokenizer turns 'a' into {tokens}; it may add nothing but bos_token in front")
    return bool(full != plain)


def _set_bos(tokenizer: Tokenizer, settings: Settings, from_pieces: bool) -> None:
    """Put BOS in front where the class of the original does; other classes do what ``tokenizer.json`` says."""
    kind = settings.content.get("tokenizer_class")
    if kind not in _BOS_CLASSES:
        if from_pieces:
            settings.choice("tokenizer_class", _BOS_CLASSES)
        return
    settings.only("add_eos_token", False, default=False)
    if from_pieces and kind.startswith("Llama"):
        settings.only("legacy", True, default=True)
    if not settings.flag("add_bos_token", default=True):
        tokenizer.post_processor = processors.TemplateProcessing(single=["$A"], pair=["$A", "$B"], special_tokens=[])
        return
    bos = _token(settings, "bos_token")
    index = None if bos is None else tokenizer.token_to_id(bos)
    if bos is None or index is None:
        raise ValueError(
            f"{settings.file}: {kind} puts bos_token in front of a text, but bos_token={bos!r} is no token"
        )
    tokenizer.post_processor = _prepend(bos, index)


def _read(folder: Path, added: dict[int, str]) -> Tokenizer:
    for names, reader in _READERS:
        if all((folder / name).is_file() for name in names):
            return reader(folder, added)
    wanted = ", ".join(" + ".join(names) for names, _ in _READERS)
    raise FileNotFoundError(f"{folder} holds no tokenizer: none of {wanted}")


def _added_tokens(folder: Path, settings: Settings) -> dict[int, AddedToken]:
    """Added tokens by id; older folders have ``added_tokens.json`` only, in which all are special."""
    if "added_tokens_decoder" in settings.content:
        tokens = settings.section("added_tokens_decoder")
        with blamed_on(f"{tokens.file}: added_tokens_decoder"):
            return {int(index): AddedToken(**token) for index, token in tokens.content.items()}
    path = folder / "added_tokens.json"
    if not path.is_file():
        return {}
    ids = Settings(read_json(path), str(path))
    return {ids.whole(token, least=0): AddedToken(token, normalized=False, special=True) for token in ids.content}


def _prepend(bos: str, index: int) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(single=[bos, "$A"], pair=[bos, "$A", bos, "$B"], special_tokens=[(bos, index)])


def _wrap(tokenizer: Tokenizer, settings: Settings) -> PreTrainedTokenizerFast:
    named = {name: _token(settings, name) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
    max_length = int(settings.number("model_max_length", default=VERY_LARGE_INTEGER))
    with blamed_on(settings.file):
        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizer,
            extra_special_tokens=IMAGE_TOKENS,
            clean_up_tokenization_spaces=False,
            model_max_length=max_length,
            padding_side="left",
            **{name: token for name, token in named.items() if token is not None},
        )


def _token(settings: Settings, key: str) -> str | None:
    """A special token's text; files hold it as it is or, with options, as an object's ``content``."""
    value = settings.content.get(key)
    if isinstance(value, dict):
        value = value.get("content", value)
    if value is not None and not isinstance(value, str):
        raise settings.error(key, "a token")
    return value
