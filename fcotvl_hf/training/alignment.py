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
    """Right-padded token ids and labels, each ``[batch, length]``, and what keeps rows apart, of the same shape.

    That is an ``attention_mask`` where each sequence is a row; in packs it is ``position_ids``, 0 where a row begins.
    """

    input_ids: torch.Tensor
    labels: torch.Tensor
    attention_mask: torch.Tensor | None
    position_ids: torch.Tensor | None = None


def teacher_inputs(student: TextInputs, image_token_id: int, ratio: int) -> TextInputs:
    """Repeat every image placeholder ``ratio`` times.

    Args:
        student: what the student reads, right-padded.
        image_token_id: id of the placeholder.
        ratio: visual tokens of the teacher for one of the student, the compressor's stride.

    Returns:
        What the teacher reads; longer, and padded anew because rows grow by different amounts.
    """
    mask, positions = student.attention_mask, student.position_ids
    copies = torch.where(student.input_ids == image_token_id, ratio, 1)  # [batch, length]
    if mask is not None:
        copies = copies * mask  # padding is dropped
    lengths = copies.sum(dim=1).tolist()

    def repeat(values: torch.Tensor, padding: int) -> torch.Tensor:
        flat = values.flatten().repeat_interleave(copies.flatten())
        return pad_sequence(list(flat.split(lengths)), batch_first=True, padding_value=padding)

    return TextInputs(
        repeat(student.input_ids, 0),
        repeat(student.labels, IGNORED),
        None if mask is None else repeat(mask, 0),
        None if positions is None else _counted_anew(repeat((positions == 0).cumsum(dim=1), 0)),
    )


def _counted_anew(rows: torch.Tensor) -> torch.Tensor:
    """Positions of packed tokens.

    Args:
        rows: which row of its pack a token belongs to, from 1; 0 for padding, which goes on counting where the last row
            ends. ``[packs, length]``
    """
    rows = rows.cummax(dim=1).values
    places = torch.arange(rows.shape[1], device=rows.device).expand_as(rows)
    begins = rows.diff(dim=1, prepend=torch.zeros_like(rows[:, :1])) > 0
    return places - torch.where(begins, places, 0).cummax(dim=1).values


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
