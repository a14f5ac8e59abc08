"""Rows that bring the teacher's stored distributions with them, and the collator that puts them into a batch."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils.data import Dataset

from .teacher_store import StoredRow, TeacherStore

STORED = "teacher"
"""Key of a row's ``StoredRow``."""

Row = dict[str, Any]
Collate = Callable[[list[Row]], dict[str, Any]]
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
    """Collate rows and what is stored of them.

    Args:
        collate: makes a batch of rows.
        keys: hashes the rows of a batch, see ``row_keys``.

    Raises:
        ValueError: on call, if a row is not the one that the teacher saw, or brings nothing.
    """

    def __init__(self, collate: Collate, keys: Keys) -> None:
        self.collate = collate
        self.keys = keys

    def __call__(self, examples: list[Row]) -> dict[str, Any]:
        if any(STORED not in example for example in examples):
            raise ValueError(
                "precompute_teacher covers the trainer's own data sets only, with remove_unused_columns off"
            )
        stored: list[StoredRow] = [example.pop(STORED) for example in examples]
        batch = self.collate(examples)
        if self.keys(batch).tolist() != [row.key.item() for row in stored]:
            raise ValueError(
                "a row differs from what the stored teacher saw: the data set has changed, or draws anew each time; "
                "delete the folder of precompute_teacher, or give another"
            )
        return {
            **batch,
            "teacher_targets": torch.cat([row.targets for row in stored]),
            "teacher_token_ids": torch.cat([row.token_ids for row in stored]),
            "teacher_log_probs": torch.cat([row.log_probs for row in stored]),
        }
