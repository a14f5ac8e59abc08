"""How sure a model was of each token that it wrote, kept with answers so that reports can mark doubtful words."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from transformers import LogitsProcessor, PreTrainedTokenizerBase

Piece = tuple[str, float]
"""A piece of an answer and the probability that its token had, 0 to 1."""


class TokenScores(LogitsProcessor):
    """Notes the log probability of each token that was chosen, one step late, so that one step's logits are held."""

    def __init__(self) -> None:
        self._logits: torch.Tensor | None = None
        self._chosen: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Note the last token's, and keep this step's logits [rows, vocabulary]."""
        if self._logits is not None:
            self._note(input_ids[:, -1])
        self._logits = scores.float().log_softmax(dim=-1)
        return scores

    def of(self, tokens: torch.Tensor) -> torch.Tensor:
        """Log probability of each generated token, ``[rows, new tokens]``; after a row's end it means nothing.

        Args:
            tokens: ``[rows, new tokens]``, as generated.
        """
        if self._logits is not None and len(self._chosen) < tokens.shape[1]:
            self._note(tokens[:, -1])
        return torch.stack(self._chosen, dim=1)

    def _note(self, tokens: torch.Tensor) -> None:
        assert self._logits is not None
        self._chosen.append(self._logits.gather(1, tokens[:, None]).squeeze(1))


def pieces(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int], scores: Sequence[float]) -> list[Piece]:
    """An answer in pieces, one of each token that adds text; joined they are the answer.

    Args:
        tokenizer: the model's.
        tokens: of the answer.
        scores: log probability of each.
    """
    likely = torch.tensor(scores).exp().tolist()
    parts = texts_of_tokens(tokenizer, tokens)
    return [(part, round(share, 4)) for part, share in zip(parts, likely, strict=True) if part]


def texts_of_tokens(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]) -> list[str]:
    """What each token adds to an answer, nothing if it is a special one; joined they are the answer.

    Args:
        tokenizer: the model's.
        tokens: of the answer.
    """
    parts = [_said(tokenizer, [token]) for token in tokens]
    answer = _said(tokenizer, tokens)
    if "".join(parts) == answer:
        return parts
    # a letter of several tokens, which the last one of them gets, or spaces
    begun = (_said(tokenizer, tokens[:end]) for end in range(len(tokens)))
    whole = [*(text.rstrip("\ufffd") for text in begun), answer]
    return [now[len(before) :] for before, now in pairwise(whole)]


def _said(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]) -> str:
    return str(tokenizer.decode(list(tokens), skip_special_tokens=True))
