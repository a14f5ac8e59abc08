"""The fast tokenizer gives the original's ids, on 10,000 strings and at the added tokens."""

import json
import re
import shutil
import unicodedata
from pathlib import Path
from random import Random

import pytest
import regex
import sentencepiece
from sentencepiece import sentencepiece_model_pb2

from fcotvl_hf.conversion.tokenizer import convert_tokenizer

from .conftest import ORIGINALS

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


def _with_prefix(source: Path, folder: Path) -> Path:
    """A copy of tokenizer files whose pieces come with SentencePiece's dummy prefix."""
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString((source / "tokenizer.model").read_bytes())
    proto.normalizer_spec.add_dummy_prefix = True
    for file in source.glob("*token*.json"):
        shutil.copy(file, folder)
    (folder / "tokenizer.model").write_bytes(proto.SerializeToString())
    return folder


def _check_pieces(folder: Path, count: int) -> None:
    tokenizer = convert_tokenizer(folder)
    pieces = sentencepiece.SentencePieceProcessor(str(folder / "tokenizer.model"))
    added = json.loads((folder / "added_tokens.json").read_text())
    for text in _strings(count):
        expected = [pieces.bos_id()]
        for part in _split_at_specials(text):
            expected += [added[part]] if part in added else pieces.encode(part)
        assert tokenizer(text)["input_ids"] == expected, repr(text)


@pytest.mark.parametrize("kind", ["internlm2-gqa", "llama"])
def test_ten_thousand_strings_equal_sentencepiece(kind: str) -> None:
    _check_pieces(ORIGINALS / kind, 10_000)


def test_a_dummy_prefix_comes_where_sentencepiece_puts_it(tmp_path: Path) -> None:
    _check_pieces(_with_prefix(ORIGINALS / "llama", tmp_path), 1000)


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


def test_user_defined_pieces_behind_a_dummy_prefix_are_refused(reused: Path, tmp_path: Path) -> None:
    folder = _with_prefix(reused, tmp_path)
    with pytest.raises(ValueError, match=r"tokenizer\.model has add_dummy_prefix and user-defined pieces"):
        convert_tokenizer(folder)


def test_an_id_that_cannot_be_given_is_refused(reused: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes((reused / "tokenizer.model").read_bytes())
    settings = json.loads((reused / "tokenizer_config.json").read_text())
    settings["added_tokens_decoder"]["4000"] = {"content": "<far>", "special": True}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="token <far> should have id 4000"):
        convert_tokenizer(tmp_path)


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
