"""Named mixtures: which configurations a data set has, and how many of its rows each gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..parts import Drawn, Part
from ..rows import Sample
from . import legibility
from .mix import FRESH, TASKS, fresh_sample, sample_at

Draw = Callable[[int, int], Sample]
"""(number, seed) → a sample."""


@dataclass(frozen=True)
class Config:
    """One configuration of a preset.

    Args:
        draw: gives sample ``number`` for a seed.
        what: one line for the card.
        weight: share of the rows, relative to the other configurations'.
    """

    draw: Draw
    what: str
    weight: float = 1.0


@dataclass(frozen=True)
class Preset:
    """A named mixture.

    Args:
        what: one sentence for ``--help`` and the card.
        split: of all its configurations.
        configs: name → configuration.
        languages: codes for the card.
    """

    what: str
    split: str
    configs: Mapping[str, Config]
    languages: tuple[str, ...] = ("en",)

    def parts(self, size: int, seed: int) -> list[Part]:
        """Share ``size`` rows out.

        Args:
            size: rows in all; every configuration gets at least one.
            seed: of all of them.
        """
        total = sum(config.weight for config in self.configs.values())
        shares = {name: max(1, round(size * config.weight / total)) for name, config in self.configs.items()}
        return [
            Part(name, self.split, share, Drawn(partial(_row, self.configs[name].draw, seed)))
            for name, share in shares.items()
        ]


def _row(draw: Draw, seed: int, number: int) -> dict[str, Any]:
    return draw(number, seed).row()


def _tiny(task: str, number: int, seed: int) -> Sample:
    return sample_at(number, [task], seed)


def _tiny_test(task: str, number: int, seed: int) -> Sample:
    return fresh_sample(task, number, seed)


def _legibility(number: int, seed: int) -> Sample:
    return legibility.sample_at(number, FRESH + seed)


_TINY = {
    "recognition": "one to five lines of words, numbers and random strings",
    "table": "small tables, to Markdown",
    "chart": "bar charts with their values, to a python dict",
    "lookup": "one value out of a form, a table or a chart",
}

PRESETS: dict[str, Preset] = {
    "tiny": Preset(
        "Pages for the tiny model, of one to four tiles of 112 pixels.",
        "train",
        {task: Config(partial(_tiny, task), _TINY[task]) for task in TASKS},
    ),
    "tiny-test": Preset(
        "What the evaluation's tiny-* tasks ask: pages like those of the preset tiny that no training saw.",
        "test",
        {task: Config(partial(_tiny_test, task), _TINY[task]) for task in TASKS},
    ),
    "legibility": Preset(
        "The eye test: type of one size on a page of one tile of 112 pixels.",
        "test",
        {legibility.NAME: Config(_legibility, "two lines of text in one of eleven sizes")},
    ),
}
