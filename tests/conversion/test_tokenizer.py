"""The fast tokenizer gives the original's ids: on 10,000 strings, at the added tokens, and with BOS exactly once."""

import json
import re
import unicodedata
from pathlib import Path
from random import Random

import pytest
import regex
import sentencepiece
from PIL import Image

from fcotvl_hf.conversion.tokenizer import convert_tokenizer
from fcotvl_hf.modeling import FCoTVLProcessor

from .conftest import KINDS, ORIGINALS

FRAGMENTS = [
    *("the", "Invoice", "4711", "12.50", "1234567890", "aaaa", "--", "----", "tion", "İ", "ﬁ", "…", "!?", "don't"),
    *("naïve", "café", "e\u0301", "ß", "£", "数字", "是多少？", "你好，世界", "日本語", "ก", "अ", "😀", "👩‍👩‍👧"),
    *(" ", "  ", "   ", "\n", "\n\n", " \n", "\t", "\u00a0", "\u200b", "\x00", "\ufffd", "▁", "▁▁"),
]
SPECIALS = ["<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>", "<box>", "</box>", "<quad>", "<ref>"]


def _strings(count: int) -> list[str]:
    draw = Random(0)
    pieces = FRAGMENTS + SPECIALS
    return [
        "".join(draw.choice(pieces) + draw.choice(["", " "]) for _ in range(draw.randint(1, 12))) for _ in range(count)
    ]


def _split_at_specials(text: str) -> list[str]:
    return [part for part in re.split("(" + "|".join(map(re.escape, SPECIALS)) + ")", text) if part]


@pytest.mark.parametrize("kind", ["internlm2-gqa", "llama"])
def test_ten_thousand_strings_equal_sentencepiece(kind: str) -> None:
    tokenizer = convert_tokenizer(ORIGINALS / kind)
    pieces = sentencepiece.SentencePieceProcessor(str(ORIGINALS / kind / "tokenizer.model"))
    added = json.loads((ORIGINALS / kind / "added_tokens.json").read_text())
    for text in _strings(10_000):
        expected = [pieces.bos_id()]
        for part in _split_at_specials(text):
            expected += [added[part]] if part in added else pieces.encode(part)
        assert tokenizer(text)["input_ids"] == expected, repr(text)


@pytest.mark.parametrize("kind", ["internlm2-gqa", "llama"])
def test_decoding_equals_sentencepiece(kind: str) -> None:
    tokenizer = convert_tokenizer(ORIGINALS / kind)
    pieces = sentencepiece.SentencePieceProcessor(str(ORIGINALS / kind / "tokenizer.model"))
    for text in _strings(500):
        plain = "".join(part for part in _split_at_specials(text) if part not in SPECIALS)
        ids = tokenizer(plain, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == pieces.decode(ids) == plain.replace("▁", " ")


def test_ten_thousand_strings_equal_a_plain_byte_level_bpe() -> None:
    folder = ORIGINALS / "qwen2"
    tokenizer = convert_tokenizer(folder)
    added = json.loads((folder / "added_tokens.json").read_text())
    encode = _byte_level_bpe(folder)
    for text in _strings(10_000):
        expected: list[int] = []
        for part in _split_at_specials(text):
            expected += [added[part]] if part in added else encode(part)
        assert tokenizer(text)["input_ids"] == expected, repr(text)


def _byte_level_bpe(folder: Path):
    """Qwen2's slow tokenizer in its textbook form: split by a pattern, bytes to letters, lowest rank first."""
    vocabulary = json.loads((folder / "vocab.json").read_text())
    lines = [line for line in (folder / "merges.txt").read_text().splitlines() if line and not line.startswith("#")]
    ranks = {tuple(line.split()): rank for rank, line in enumerate(lines)}
    pattern = regex.compile(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}

    def merge(symbols: list[str]) -> list[str]:
        while True:
            pairs = [
                (ranks[pair], i) for i, pair in enumerate(zip(symbols, symbols[1:], strict=False)) if pair in ranks
            ]
            if not pairs:
                return symbols
            _, at = min(pairs)
            symbols = [*symbols[:at], symbols[at] + symbols[at + 1], *symbols[at + 2 :]]

    def encode(text: str) -> list[int]:
        words = pattern.findall(unicodedata.normalize("NFC", text))
        symbols = [symbol for word in words for symbol in merge([letters[byte] for byte in word.encode()])]
        return [vocabulary[symbol] for symbol in symbols]

    return encode


@pytest.fixture(scope="module")
def reused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose added tokens take the ids of unused pieces, as in InternLM2's own tokenizer."""
    folder = tmp_path_factory.mktemp("reused")
    text = folder / "text.txt"
    text.write_text("\n".join(f"page {number} of the ledger: {number * number}" for number in range(500)))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=360,
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        user_defined_symbols=["[UNUSED_TOKEN_1]", "[UNUSED_TOKEN_2]"],
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(str(folder / "tokenizer.model"))
    unused = pieces.piece_to_id("[UNUSED_TOKEN_1]")
    behind = ["<img>", "</img>", "<IMG_CONTEXT>"]
    added = {unused: "<|im_end|>"} | {len(pieces) + i: token for i, token in enumerate(behind)}
    settings = {
        "tokenizer_class": "InternLM2Tokenizer",
        "bos_token": "<s>",
        "added_tokens_decoder": {
            str(index): {"content": token, "special": True, "normalized": False} for index, token in added.items()
        },
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_an_added_token_takes_the_id_of_an_unused_piece(reused: Path) -> None:
    tokenizer = convert_tokenizer(reused)
    pieces = sentencepiece.SentencePieceProcessor(str(reused / "tokenizer.model"))
    unused = pieces.piece_to_id("[UNUSED_TOKEN_1]")
    assert tokenizer("page 7<|im_end|>")["input_ids"] == [1, *pieces.encode("page 7"), unused]
    for text in ("page [UNUSED_TOKEN_2] 7", "ledger: 81"):
        assert tokenizer(text)["input_ids"] == [1, *pieces.encode(text)]


def test_an_id_that_cannot_be_given_is_refused(reused: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes((reused / "tokenizer.model").read_bytes())
    settings = json.loads((reused / "tokenizer_config.json").read_text())
    settings["added_tokens_decoder"]["4000"] = {"content": "<far>", "special": True}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="token <far> should have id 4000"):
        convert_tokenizer(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_bos_comes_exactly_once_on_every_path(converted, kind: str) -> None:
    processor = FCoTVLProcessor.from_pretrained(converted(kind))
    bos = processor.tokenizer.bos_token_id
    page = Image.new("RGB", (56, 56))
    messages = [{"role": "user", "content": [{"type": "image", "image": page}, {"type": "text", "text": "Hi"}]}]
    text = processor.apply_chat_template(messages)
    without = text.removeprefix(processor.tokenizer.bos_token or "")
    paths = {
        "rendered, then processed": processor(text=text, images=page)["input_ids"][0],
        "a batch": processor(text=[text, "Hi"], images=[page], padding=True)["input_ids"][0],
        "without special tokens, as TRL does": processor(text=text, images=page, add_special_tokens=False)["input_ids"][
            0
        ],
        "template and tokens in one": processor.apply_chat_template(messages, tokenize=True, return_dict=True)[
            "input_ids"
        ][0],
        "a prompt without it": processor(text=without, images=page)["input_ids"][0],
        "the tokenizer's template": processor.tokenizer.apply_chat_template(
            [{"role": "user", "content": "Hi"}], return_dict=True
        )["input_ids"],
        "plain text": processor.tokenizer("Hi")["input_ids"],
    }
    for path, ids in paths.items():
        if kind == "qwen2":
            assert bos is None and ids[0] != processor.tokenizer.pad_token_id, path
        else:
            assert ids[0] == bos and ids.count(bos) == 1, path


def test_a_damaged_model_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / "tokenizer.model").write_bytes(b"\xff\xff\xff\xff")
    with pytest.raises(ValueError, match=r"tokenizer\.model is damaged"):
        convert_tokenizer(tmp_path)


def test_a_unigram_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("some words to learn pieces from\n" * 20)
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text.txt"), model_prefix=str(tmp_path / "tokenizer"), vocab_size=20, minloglevel=2
    )
    (tmp_path / "tokenizer_config.json").write_text("{}")
    with pytest.raises(ValueError, match="no SentencePiece model of type BPE"):
        convert_tokenizer(tmp_path)
