"""SentencePiece's ``tokenizer.model`` (InternLM2, Llama) as a tokenizer of the tokenizers library, id for id.

SentencePiece merges the neighbours whose joined piece has the highest score; the same rule as a list: every way to
split a piece into two, best piece first. https://github.com/google/sentencepiece
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

_BPE = 2
_NORMAL, _USER_DEFINED, _UNUSED = 1, 4, 5
"""Kinds of pieces, by their numbers in the file."""


def read_sentencepiece(folder: Path, added: dict[int, str]) -> Tokenizer:
    """Read ``tokenizer.model``.

    Args:
        folder: that holds it.
        added: id → added token; one that takes the id of a piece replaces it, as ``<|im_end|>`` takes
            ``[UNUSED_TOKEN_145]``'s in InternLM2.

    Raises:
        ValueError: the file is damaged, no BPE, or normalises text in a way that is not supported.
    """
    path = folder / "tokenizer.model"
    proto = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]
    try:
        proto.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    _check(proto, path)
    names = [added.get(index, piece.piece) for index, piece in enumerate(proto.pieces)]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={name: index for index, name in enumerate(names)},
            merges=list(_merges(proto.pieces)),
            unk_token=names[proto.trainer_spec.unk_id],
            fuse_unk=True,
            byte_fallback=proto.trainer_spec.byte_fallback,
        )
    )
    prefix = proto.normalizer_spec.add_dummy_prefix
    tokenizer.normalizer = _normalizer(prefix)
    tokenizer.decoder = _decoder(prefix)
    defined = [
        piece.piece for index, piece in enumerate(proto.pieces) if piece.type == _USER_DEFINED and index not in added
    ]
    if prefix and defined:  # the tokenizers library would look for the pieces with the prefix in front of them
        raise ValueError(f"{path} has add_dummy_prefix and user-defined pieces: this pair is not supported")
    tokenizer.add_tokens([AddedToken(piece, normalized=True, special=False) for piece in defined])
    return tokenizer


def _check(proto: Any, path: Path) -> None:
    rules = proto.normalizer_spec
    if not proto.pieces or proto.trainer_spec.model_type != _BPE:
        raise ValueError(f"{path} is no SentencePiece model of type BPE")
    if rules.precompiled_charsmap or rules.remove_extra_whitespaces or not rules.escape_whitespaces:
        raise ValueError(f"{path} normalises text (rule {rules.name!r}), which is not supported")
    if proto.trainer_spec.treat_whitespace_as_suffix or any(piece.type == _UNUSED for piece in proto.pieces):
        raise ValueError(f"{path} has treat_whitespace_as_suffix or unused pieces, which are not supported")


def _merges(pieces: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """Pairs of pieces that join to a piece, those of the best piece first, its shorter left halves first."""
    usable = {piece.piece: piece.score for piece in pieces if piece.type == _NORMAL}
    for piece in sorted(usable, key=usable.__getitem__, reverse=True):
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in usable and right in usable:
                yield left, right


def _normalizer(prefix: bool) -> normalizers.Normalizer:
    spaces = normalizers.Replace(" ", "▁")
    return normalizers.Sequence([normalizers.Prepend("▁"), spaces]) if prefix else spaces


def _decoder(prefix: bool) -> decoders.Decoder:
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if prefix else steps)
