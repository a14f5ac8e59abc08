"""Bytes of the key-value cache: what every token of the prompt keeps occupying while an answer is generated."""

from typing import Any

from .tokens import visual_tokens

VALUE_BYTES = {"bfloat16": 2, "float16": 2, "float32": 4, "fp8": 1}
"""Types a cache is kept in → bytes of one value."""


def kv_bytes_per_token(text_config: Any, bytes_per_value: int = 2) -> int:
    """Bytes one token occupies: a key and a value in each layer for each key-value head.

    Args:
        text_config: the language model's configuration.
        bytes_per_value: 2 for bfloat16 and float16, 4 for float32.
    """
    width = text_config.num_key_value_heads * head_dim(text_config)
    return 2 * text_config.num_hidden_layers * width * bytes_per_value


def kv_bytes(config: Any, tiles: int, text_tokens: int, bytes_per_value: int = 2) -> int:
    """Bytes a prompt of ``tiles`` tiles and ``text_tokens`` tokens of text occupies.

    Args:
        config: an ``FCoTVLConfig``.
        tiles: tiles of all images, thumbnails included.
        text_tokens: all tokens that are no visual tokens.
        bytes_per_value: 2 for bfloat16 and float16, 4 for float32.
    """
    length = visual_tokens(tiles, config.image_seq_length) + text_tokens
    return length * kv_bytes_per_token(config.text_config, bytes_per_value)


def head_dim(text_config: Any) -> int:
    """Width of one attention head; as in transformers, a configuration without ``head_dim`` splits its width evenly."""
    explicit = getattr(text_config, "head_dim", None)
    return explicit or text_config.hidden_size // text_config.num_attention_heads
