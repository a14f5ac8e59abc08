"""Rows that cannot be trained on are skipped, named and counted, so that one broken image does not end a long run.

Two places can fail: reading a row (a corrupt image) and making a batch of it (too long, malformed). A skipped row
leaves a blank one behind, without image and loss, so a batch keeps its size on every process.
"""

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch.utils.data import Dataset

from .alignment import IGNORED

Row = dict[str, Any]
ROWS = "rows"
"""Key of a batch's ``BatchRows``; it is taken out before the batch reaches the model, as is ``ROW_OF``."""

ROW_OF = "row_of"
"""Key of the number of each row in its batch, ``[rows]``; packing turns it into one of each token."""

BLANK: Row = {
    "images": [],
    "messages": [{"role": role, "content": [{"type": "text", "text": "-"}]} for role in ("user", "assistant")],
}
"""What stands in a batch for a row that is skipped."""


class BatchRows(NamedTuple):
    """Which rows a batch was made of."""

    ids: list[str]
    sources: list[str]  # the data set of each row; a blank one has none: ""
    skipped: list[tuple[str, str]]  # id and reason


@dataclass(frozen=True)
class UnreadableRow:
    """What stands for a row that could not be read."""

    id: str
    reason: str


class ReadableRows(Dataset[Row | UnreadableRow]):
    """A data set that gives an ``UnreadableRow`` where reading fails, and every row an ``id``.

    Args:
        rows: any map-style data set; without ``id`` a row is known by its index.
    """

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row | UnreadableRow:
        try:
            row = self.rows[index]
        except Exception as error:  # whatever an image decoder or a transform raises
            return UnreadableRow(str(index), f"{type(error).__name__}: {error}")
        return {"id": str(index), **row}


class SkippingCollator:
    """Collate what can be collated, and tell which rows it was.

    Args:
        collator: from rows to a batch with ``input_ids`` and ``labels``.
        context_length: longest row in tokens; ``None`` allows any.
    """

    def __init__(self, collator: Callable[[list[Row]], Any], context_length: int | None) -> None:
        self.collator = collator
        self.context_length = context_length

    def __call__(self, given: Sequence[Row | UnreadableRow]) -> dict[str, Any]:
        """Make a batch; ``rows`` in it is its ``BatchRows``."""
        reasons = {place: row.reason for place, row in enumerate(given) if isinstance(row, UnreadableRow)}
        rows = [{**BLANK, "id": row.id} if isinstance(row, UnreadableRow) else row for row in given]
        try:
            batch = self._collate(rows, reasons)
        except Exception:  # one row spoils the batch: find it
            reasons |= self._faults(rows)
            batch = self._collate(rows, reasons)
        if too_long := self._too_long(batch):
            reasons |= too_long
            batch = self._collate(rows, reasons)
        ids = [str(row.get("id", "?")) for row in rows]
        sources = ["" if place in reasons else str(row.get("source", "")) for place, row in enumerate(rows)]
        batch[ROWS] = BatchRows(ids, sources, [(ids[place], reason) for place, reason in reasons.items()])
        return batch

    def _collate(self, rows: Sequence[Row], skipped: Collection[int]) -> dict[str, Any]:
        """Collate with blank rows, without loss, in the places of ``skipped``."""
        kept = [BLANK if place in skipped else row for place, row in enumerate(rows)]
        batch = dict(self.collator([copy.copy(row) for row in kept]))  # TRL's collators change the rows
        batch["labels"][list(skipped)] = IGNORED
        batch[ROW_OF] = torch.arange(len(rows))
        return batch

    def _faults(self, rows: Sequence[Row]) -> dict[int, str]:
        reasons = {}
        for place, row in enumerate(rows):
            try:
                self._collate([row], ())
            except Exception as error:  # whatever processor, template or collator raises
                reasons[place] = f"{type(error).__name__}: {error}"
        return reasons

    def _too_long(self, batch: dict[str, torch.Tensor]) -> dict[int, str]:
        if self.context_length is None:
            return {}
        lengths = enumerate(batch["attention_mask"].sum(dim=1).tolist())
        return {
            place: f"{length} tokens, more than context_length {self.context_length}"
            for place, length in lengths
            if length > self.context_length
        }
