"""From packs of rows to model inputs: rows one after another, each with positions of its own.

The language model keeps the rows of a sequence apart by their positions, which start from 0 again: the causal mask
becomes block-diagonal. transformers does so only while there is neither an ``attention_mask`` nor a cache; with either,
rows attend to their neighbours and nothing says so.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from .alignment import IGNORED
from .skipping import ROW_OF

Batch = dict[str, Any]


class PackingCollator:
    """Collate packs with the help of a collator of rows.

    Args:
        collator: makes a right-padded batch of a list of rows.
    """

    def __init__(self, collator: Callable[[list[Any]], Batch]) -> None:
        self.collator = collator

    def __call__(self, samples: Sequence[Any]) -> Batch:
        """Collate a micro-batch.

        Args:
            samples: packs, which are lists of rows, or single rows (in evaluation), each a pack of its own.

        Returns:
            What ``join_rows`` returns.
        """
        packs = [sample if isinstance(sample, list) else [sample] for sample in samples]
        return join_rows(self.collator([row for pack in packs for row in pack]), [len(pack) for pack in packs])


def join_rows(batch: Batch, rows_per_pack: Sequence[int]) -> Batch:
    """Put consecutive rows of a batch into one sequence, without their padding.

    Args:
        batch: ``input_ids``, ``attention_mask`` and ``labels`` ``[rows, length]``, padded on the right, ``row_of``
            ``[rows]``, and anything else that does not depend on how rows are laid out, such as ``pixel_values``.
        rows_per_pack: how many rows each sequence gets.

    Returns:
        ``input_ids``, ``labels``, ``position_ids`` and ``row_of`` (now of each token, -1 for padding) ``[packs, longest
        pack]``, everything else as it was. There is no ``attention_mask``: padding comes last, where nothing attends to
        it. The first token of each row has no label, it does not follow from the row before.
    """
    mask = batch["attention_mask"].bool()  # [rows, length]
    positions = mask.cumsum(dim=1) - 1  # [rows, length]
    labels = batch["labels"].masked_fill(positions == 0, IGNORED)
    sizes = [int(pack.sum()) for pack in mask.split(list(rows_per_pack))]

    def join(values: torch.Tensor, padding: int) -> torch.Tensor:
        return pad_sequence(list(values[mask].split(sizes)), batch_first=True, padding_value=padding)

    others = {name: values for name, values in batch.items() if name != "attention_mask"}
    return others | {
        "input_ids": join(batch["input_ids"], 0),
        "labels": join(labels, IGNORED),
        "position_ids": _continued(join(positions, -1)),
        ROW_OF: join(batch[ROW_OF][:, None].expand_as(mask), -1),
    }


def _continued(positions: torch.Tensor) -> torch.Tensor:
    """Let the padding, marked by -1, go on counting where the last row ends: it must not begin a row."""
    places = torch.arange(positions.shape[1]).expand_as(positions)
    starts = torch.where(positions == 0, places, 0).cummax(dim=1).values  # [packs, length]: where a token's row began
    return places - starts
