"""Figures of the rows of a shard or a split: counted while they are written, added up for the card."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from fcotvl_hf.cost.tokens import tiling_of

from .parts import Row


@dataclass
class Facts:
    """Counts over rows; every one of them adds up, so that shards make splits.

    Args:
        rows: how many there are.
        images: pictures in them.
        image_bytes: size of the pictures' files.
        pixels: of all pictures.
        tiles: of all pictures, cut as InternVL2 does with at most 12 tiles and a thumbnail.
        answer_characters: of everything the assistant says.
        clean: rows whose ``meta`` says that no degradation was applied.
        tasks: rows per ``task``.
        languages: rows per language that ``meta`` names.
        dropped: rows that were not to be had, per reason.
    """

    rows: int = 0
    images: int = 0
    image_bytes: int = 0
    pixels: int = 0
    tiles: int = 0
    answer_characters: int = 0
    clean: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def count(self, row: Row, sizes: Iterable[tuple[int, int]], image_bytes: int) -> None:
        """Count one more row.

        Args:
            row: the row.
            sizes: width and height of its pictures in pixels.
            image_bytes: size of their files.
        """
        self.rows += 1
        self.image_bytes += image_bytes
        for width, height in sizes:
            self.images += 1
            self.pixels += width * height
            self.tiles += tiling_of(width, height).tiles
        said = [message["content"] for message in row["messages"] if message["role"] == "assistant"]
        self.answer_characters += sum(len(block["text"]) for content in said for block in content)
        meta = json.loads(row["meta"])
        self.clean += bool(meta.get("clean"))
        self.tasks[row["task"]] += 1
        if "language" in meta:
            self.languages[meta["language"]] += 1

    def __add__(self, other: "Facts") -> "Facts":
        return Facts(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def to_json(self) -> str:
        """As text that ``from_json`` reads."""
        return json.dumps(vars(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Facts":
        """What ``to_json`` wrote."""
        facts: dict[str, Any] = json.loads(text)
        counted: dict[str, Any] = {name: Counter(it) if isinstance(it, dict) else it for name, it in facts.items()}
        return cls(**counted)
