"""The teacher's top-k log-probabilities of a data set on disk, written once and read by any number of runs.

Rows are cut into shards of fixed size, one safetensors file each, written under a temporary name and renamed: a shard
is whole or not there, so a killed run goes on with the shards that are missing, without duplicates or holes.
``teacher.json`` tells what they belong to. A position takes 8k + 8 bytes.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save

from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.json_object import read_json

SHARD_ROWS = 256
"""Rows in a shard."""
MANIFEST = "teacher.json"

Identity = Mapping[str, str | int | float]
"""What stored distributions belong to: hashes of teacher, data and processor; temperature, top k, number of rows."""


class StoredRow(NamedTuple):
    """What the teacher says about one row's n response positions.

    Args:
        key: a hash of the row as the teacher reads it, an int64 scalar.
        targets: the response's tokens, ``[n]``.
        token_ids: its k likeliest tokens, ``[n, k]``.
        log_probs: theirs and the tail's, ``[n, k + 1]``, float32.
    """

    key: torch.Tensor
    targets: torch.Tensor
    token_ids: torch.Tensor
    log_probs: torch.Tensor


class TeacherStore:
    """A folder of shards.

    Args:
        folder: where they are, or are to be.
        rows: how many rows the data set has.
        shard_rows: how many of them a shard holds.
    """

    def __init__(self, folder: Path, rows: int, shard_rows: int = SHARD_ROWS) -> None:
        self.folder = folder
        self.rows = rows
        self.shard_rows = shard_rows
        self.shards = range(-(-rows // shard_rows))

    def claim(self, identity: Identity) -> None:
        """Make the folder these distributions'.

        Raises:
            ValueError: it holds those of another teacher, other data or other settings.
        """
        path = self.folder / MANIFEST
        manifest = {**identity, "rows": self.rows, "shard_rows": self.shard_rows}
        if path.exists():
            found = read_json(path)
            if differing := [name for name in manifest if found.get(name) != manifest[name]]:
                raise ValueError(
                    f"{self.folder} holds a teacher's distributions with another {', '.join(differing)}; "
                    "give another folder, or delete it to write them anew"
                )
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic_write(path, json.dumps(manifest, indent=2) + "\n")

    def discard_unfinished(self) -> None:
        """Remove what a killed run left half-written; no process may be writing."""
        for unfinished in self.folder.glob(".*.part"):
            unfinished.unlink()

    def missing(self, shards: Sequence[int] | None = None) -> list[int]:
        """Which shards, of all or of these, are still to be written."""
        return [shard for shard in (self.shards if shards is None else shards) if not self._path(shard).exists()]

    def rows_of(self, shard: int) -> range:
        """Numbers of the rows in a shard."""
        start = shard * self.shard_rows
        return range(start, min(start + self.shard_rows, self.rows))

    def write(self, shard: int, rows: Sequence[StoredRow]) -> None:
        """Write a shard in one step.

        Raises:
            OSError: the disk is full; the shard is not there then.
        """
        starts = torch.tensor([0, *(len(row.targets) for row in rows)]).cumsum(0)
        tensors = {
            "keys": torch.stack([row.key for row in rows]),
            "starts": starts,
            "targets": torch.cat([row.targets for row in rows]).int(),
            "token_ids": torch.cat([row.token_ids for row in rows]).int(),
            "log_probs": torch.cat([row.log_probs for row in rows]).float(),
        }
        atomic_write(self._path(shard), save(tensors))

    def __getitem__(self, row: int) -> StoredRow:
        """Read one row; of the shard's file only what it takes."""
        path = self._path(row // self.shard_rows)
        place = row % self.shard_rows
        with safe_open(path, "pt") as shard:
            start, end = shard.get_slice("starts")[place : place + 2].tolist()
            values = (shard.get_slice(name)[start:end] for name in ("targets", "token_ids", "log_probs"))
            targets, token_ids, log_probs = values
            return StoredRow(shard.get_slice("keys")[place], targets.long(), token_ids.long(), log_probs)

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:06d}.safetensors"
