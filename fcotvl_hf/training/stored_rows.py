"""Rows that bring the teacher's stored distributions with them, and the collator that puts them into a batch."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils.data import Dataset

from .alignment import IGNORED
from .teacher_store import StoredRow, TeacherStore

STORED = "teacher"
"""Key of a row's ``StoredRow``."""

Row = dict[str, Any]
Collate = Callable[[list[Any]], dict[str, Any]]
Keys = Callable[[Mapping[str, Any]], torch.Tensor]


def row_keys(batch: Mapping[str, Any], image_token_id: int, tile_tokens: int) -> torch.Tensor:
    """Hash each row's tokens, labels and pixels, the same at every stride.

    Args:
        batch: what the collator made, see ``teachers.Inputs``.
        image_token_id: id of the placeholder.
        tile_tokens: the student's visual tokens of a tile.

    Returns:
        ``[batch]``, int64.
    """
    ids, mask, labels = batch["input_ids"], batch["attention_mask"], batch["labels"]
    is_image = ids == image_token_id  # [batch, length]
    first_of_tile = is_image & ((is_image.cumsum(dim=1) - 1) % tile_tokens == 0)
    kept = (mask == 1) & (first_of_tile | ~is_image)  # one placeholder a tile
    tiles = first_of_tile.sum(dim=1).tolist()
    pixels = batch["pixel_values"].split(tiles) if "pixel_values" in batch else [torch.empty(0)] * len(tiles)
    rows = zip(ids, labels, kept, pixels, strict=True)
    return torch.stack([_key(row[keep], label[keep], tile) for row, label, keep, tile in rows])


def _key(*parts: torch.Tensor) -> torch.Tensor:
    digest = hashlib.sha256()
    for values in parts:
        digest.update(values.contiguous().numpy().data)
    return torch.tensor(int.from_bytes(digest.digest()[:8], "little", signed=True))


class StoredRows(Dataset[Row]):
    """A data set whose rows have a ``StoredRow`` under ``STORED``.

    Args:
        rows: the data set.
        store: holds a ``StoredRow`` of each of them.
    """

    def __init__(self, rows: Any, store: TeacherStore) -> None:
        self.rows = rows
        self.store = store

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return {**self.rows[index], STORED: self.store[index]}


class StoredCollator:
    """Collate rows and what is stored of them; of rows that were skipped nothing is needed.

    Args:
        collate: makes a batch of rows.
        keys: hashes the rows of a batch, see ``row_keys``.
        top_k: how many tokens are stored.

    Raises:
        ValueError: on call, if a row is not the one that the teacher saw, or brings nothing.
    """

    def __init__(self, collate: Collate, keys: Keys, top_k: int) -> None:
        self.collate = collate
        self.keys = keys
        self.top_k = top_k

    def __call__(self, examples: list[Any]) -> dict[str, Any]:
        batch = self.collate(examples)
        answering = (batch["labels"][:, 1:] != IGNORED).any(dim=1).nonzero().flatten().tolist()
        rows = [examples[place] for place in answering]
        if any(STORED not in row for row in rows):
            raise ValueError(
                "precompute_teacher covers the trainer's own data sets only, with remove_unused_columns off"
            )
        stored: list[StoredRow] = [row[STORED] for row in rows]
        if self.keys(batch)[answering].tolist() != [row.key.item() for row in stored]:
            raise ValueError(
                "a row differs from what the stored teacher saw: the data set has changed, or draws anew each time; "
                "delete the folder of precompute_teacher, or give another"
            )
        nothing = torch.zeros(0, dtype=torch.long)
        batch["teacher_targets"] = torch.cat([nothing, *(row.targets for row in stored)])
        batch["teacher_token_ids"] = torch.cat([nothing.reshape(0, self.top_k), *(row.token_ids for row in stored)])
        batch["teacher_log_probs"] = torch.cat([torch.zeros(0, self.top_k + 1), *(row.log_probs for row in stored)])
        return batch
