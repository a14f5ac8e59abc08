"""Byte-level BPE from ``vocab.json`` and ``merges.txt``, as Qwen2 (InternVL2-1B) splits text."""

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import Qwen2Tokenizer

from .settings import blamed_on


def read_byte_level(folder: Path, added: dict[int, str]) -> Tokenizer:
    """Read ``vocab.json`` and ``merges.txt``.

    Args:
        folder: that holds them.
        added: id → added token; not needed here, they come behind the vocabulary.

    Raises:
        ValueError: a file is damaged.
    """
    files = str(folder / "vocab.json"), str(folder / "merges.txt")
    no_specials: dict[str, Any] = dict.fromkeys(
        ("unk_token", "eos_token", "pad_token")
    )  # they come with the added ones
    with blamed_on(" or ".join(files)):
        return Qwen2Tokenizer(*files, **no_specials).backend_tokenizer
