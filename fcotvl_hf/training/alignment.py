"""Rows of teacher and student that answer the same question, although their sequences differ in length.

Both read the same text; the teacher has ``ratio`` placeholders wherever the student has one. The teacher's inputs are
derived from the student's, and the hidden states that predict response tokens are picked out by the label masks, row by
row, so the i-th row of one and the i-th row of the other predict the same token.
"""

from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence

IGNORED = -100
"""Label of positions that are not part of a response."""


class TextInputs(NamedTuple):
    """Right-padded token ids, attention mask and labels, each ``[batch, length]``."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    labels: torch.Tensor


def teacher_inputs(student: TextInputs, image_token_id: int, ratio: int) -> TextInputs:
    """Repeat every image placeholder ``ratio`` times.

    Args:
        student: what the student reads, right-padded.
        image_token_id: id of the placeholder.
        ratio: visual tokens of the teacher for one of the student, the compressor's stride.

    Returns:
        What the teacher reads; longer, and padded anew because rows grow by different amounts.
    """
    is_image = student.input_ids == image_token_id
    copies = torch.where(is_image, ratio, 1) * student.attention_mask  # [batch, length]; padding is dropped
    lengths = copies.sum(dim=1).tolist()

    def repeat(values: torch.Tensor, padding: int) -> torch.Tensor:
        flat = values.flatten().repeat_interleave(copies.flatten())
        return pad_sequence(list(flat.split(lengths)), batch_first=True, padding_value=padding)

    return TextInputs(repeat(student.input_ids, 0), repeat(student.attention_mask, 0), repeat(student.labels, IGNORED))


def response_rows(hidden: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pick the hidden states that predict response tokens.

    Args:
        hidden: last hidden states, ``[batch, length, width]``.
        labels: ``[batch, length]``, ``IGNORED`` outside responses.

    Returns:
        The rows ``[N, width]`` and the tokens they have to predict ``[N]``, in batch order.
    """
    targets = labels[:, 1:]
    is_response = targets != IGNORED
    return hidden[:, :-1][is_response], targets[is_response]
