"""One mix of several data sets by weights and caps, described in YAML.

    seed: 0
    size: 20000            # rows; as many as the weights allow without it
    sources:
      - path: data/cot     # a folder or a Hub id with this project's columns
        config: chart
        weight: 2          # share of the rows, relative to the others'; 1 by default
      - path: HuggingFaceM4/some-set
        split: train
        revision: 0123abc
        cap: 5000          # most rows that are taken of it

Which rows are taken and in what order they come depends on the seed and the sources alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..parts import Dropped, Row
from ..shards import FEATURES
from .opening import Origin, image_bytes, open_rows


@dataclass(frozen=True)
class Ingredient:
    """One source of a mix.

    Args:
        origin: the data set.
        weight: share of the rows, relative to the other sources'.
        cap: most rows that are taken of it.
    """

    origin: Origin
    weight: float = 1.0
    cap: int | None = None


@dataclass(frozen=True)
class MixRecipe:
    """A mix.

    Args:
        sources: what is mixed.
        size: rows; as many as the weights allow if ``None``.
        seed: decides which rows are taken, and their order.
    """

    sources: tuple[Ingredient, ...]
    size: int | None = None
    seed: int = 0

    def counts(self) -> list[int]:
        """Rows taken of each source: shares by weight, and what a source lacks is made up for by the others.

        Raises:
            OSError: a source cannot be loaded.
            ValueError: a source lacks a column, or all together have fewer rows than the size.
        """
        available = [len(open_rows(each.origin, list(FEATURES))) for each in self.sources]
        most = [min(rows, each.cap or rows) for rows, each in zip(available, self.sources, strict=True)]
        return share_out(most, [each.weight for each in self.sources], self.size)


@dataclass(frozen=True)
class Mixed:
    """The ``RowMaker`` of a mix: index → a row of one of its sources.

    Args:
        recipe: the mix.
    """

    recipe: MixRecipe = field(repr=False)

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        sources, rows = _plan(self.recipe)
        for index in indices:
            number, place = int(sources[index]), int(rows[index])
            origin = self.recipe.sources[number].origin
            row = open_rows(origin, list(FEATURES))[place]
            try:
                images = [image_bytes(image) for image in row["images"]]
            except ValueError:
                yield Dropped("picture cannot be read")
            else:
                yield {**row, "id": f"{origin.name}/{row['id']}", "images": images}


def read_recipe(path: Path) -> MixRecipe:
    """Read a mix's YAML.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no YAML, or not such a mix.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("sources"), list) or not content["sources"]:
        raise ValueError(f"{path} needs a list of sources, each with a path")
    _known(content, {"sources", "size", "seed"}, str(path))
    sources = tuple(
        _ingredient(source, f"{path}, source {number}") for number, source in enumerate(content["sources"], 1)
    )
    size, seed = content.get("size"), content.get("seed", 0)
    if not (size is None or (isinstance(size, int) and size > 0)) or not isinstance(seed, int):
        raise ValueError(f"{path}: size and seed are whole numbers, not {json.dumps([size, seed])}")
    return MixRecipe(sources, size, seed)


def share_out(most: Sequence[int], weights: Sequence[float], size: int | None) -> list[int]:
    """Rows of each source.

    Args:
        most: rows that each source has to give.
        weights: their shares, relative to each other.
        size: rows in all; if ``None``, as many as keep exactly to the weights.

    Raises:
        ValueError: the sources have fewer rows than ``size``, or the mix would be empty.
    """
    if size is None:
        size = int(min(rows * sum(weights) / weight for rows, weight in zip(most, weights, strict=True)))
    if size > sum(most) or size < 1:
        raise ValueError(f"a mix of {size} rows cannot be made of sources that have {sum(most)} under their caps")
    counts, open_, left = [0] * len(most), set(range(len(most))), size
    while left:
        total = sum(weights[source] for source in open_)
        exact = {source: left * weights[source] / total for source in open_}
        full = {source for source in open_ if exact[source] >= most[source]}
        if not full:
            for source in open_:
                counts[source] = int(exact[source])
            by_remainder = sorted(open_, key=lambda source: (counts[source] - exact[source], source))
            for source in by_remainder[: size - sum(counts)]:
                counts[source] += 1
            break
        for source in full:
            counts[source] = most[source]
            left -= most[source]
        open_ -= full
    return counts


@cache
def _plan(recipe: MixRecipe) -> tuple[np.ndarray, np.ndarray]:
    """The source of each row of the mix, and its place there, [rows] each."""
    generator = np.random.default_rng(recipe.seed)
    counts = recipe.counts()
    sources = np.repeat(np.arange(len(counts)), counts)
    rows = [
        generator.permutation(len(open_rows(each.origin, list(FEATURES))))[:count]
        for each, count in zip(recipe.sources, counts, strict=True)
    ]
    order = generator.permutation(len(sources))
    return sources[order], np.concatenate(rows)[order]


def _ingredient(source: Any, where: str) -> Ingredient:
    if not isinstance(source, dict) or not isinstance(source.get("path"), str):
        raise ValueError(f"{where} needs a path")
    names = {each.name for each in fields(Origin)}
    _known(source, names | {"weight", "cap"}, where)
    weight, cap = source.get("weight", 1), source.get("cap")
    if not isinstance(weight, int | float) or not weight > 0:
        raise ValueError(f"{where}: its weight must be a number above 0, not {weight!r}")
    if not (cap is None or (isinstance(cap, int) and cap > 0)):
        raise ValueError(f"{where}: its cap must be a whole number above 0, not {cap!r}")
    return Ingredient(Origin(**{name: source[name] for name in names if name in source}), float(weight), cap)


def _known(content: Mapping[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(content) - names)
    if unknown:
        raise ValueError(f"{where}: {unknown[0]!r} is unknown; known are {', '.join(sorted(names))}")
