"""Named mixtures: which configurations a data set has, and how many of its rows each gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from ..card import Source
from ..licences import FONTS, TEXTS
from ..packages import TYPESET
from ..parts import Drawn, Part
from ..rows import Sample
from . import legibility
from .mix import FRESH, TASKS, fresh_sample, sample_at

Draw = Callable[[int, int], Sample]
"""(number, seed) → a sample."""

_SEEDS = 1_000_000_000
"""Samples of one seed; those of the next follow."""


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
class Split:
    """One split of a preset.

    Args:
        share: of the rows, in [0, 1].
        first: number of its first sample; no two splits share one.
    """

    share: float = 1.0
    first: int = 0


@dataclass(frozen=True)
class Preset:
    """A named mixture.

    Args:
        what: one sentence for the card.
        splits: name → split, the same for all configurations.
        configs: name → configuration.
        languages: codes for the card.
        sources: what goes into the rows.
        packages: what must be installed beside the core.
    """

    what: str
    splits: Mapping[str, Split]
    configs: Mapping[str, Config]
    languages: tuple[str, ...] = ("en",)
    sources: tuple[Source, ...] = ()
    packages: tuple[str, ...] = ()

    def parts(self, size: int, seed: int) -> list[Part]:
        """Share ``size`` rows out.

        Args:
            size: rows in all; every split of every configuration gets at least one.
            seed: of all of them.
        """
        total = sum(config.weight for config in self.configs.values())
        return [
            Part(
                name,
                split,
                max(1, round(size * config.weight / total * each.share)),
                Drawn(partial(_row, config.draw, seed, each.first)),
            )
            for name, config in self.configs.items()
            for split, each in self.splits.items()
        ]


def _row(draw: Draw, seed: int, first: int, index: int) -> dict[str, Any]:
    return draw(first + index, seed).row()


def _tiny(task: str, number: int, seed: int) -> Sample:
    return sample_at(number, [task], seed)


def _page(module: str, number: int, seed: int) -> Sample:
    """A sample of a module in ``pages/``, which is imported only now: it needs the extra ``data``."""
    sample: Sample = import_module(f"{__package__}.pages.{module}").sample(seed * _SEEDS + number)
    return sample


def _sometimes(module: str, other: str, every: int, number: int, seed: int) -> Sample:
    """Every so many samples, one of another kind."""
    return _page(other if number % every == every - 1 else module, number, seed)


def _legibility(number: int, seed: int) -> Sample:
    return legibility.sample_at(number, FRESH + seed)


_TINY = {
    "recognition": "one to five lines of words, numbers and random strings",
    "table": "small tables, to Markdown",
    "chart": "bar charts with their values, to a python dict",
    "lookup": "one value out of a form, a table or a chart",
}

PRESETS: dict[str, Preset] = {
    "ocr-mix": Preset(
        "Pages of many tiles in English and Chinese, for re-alignment: documents, tables, charts, screens, signs.",
        {"train": Split(0.98), "test": Split(0.02, FRESH)},
        {  # slow ones first, so that no process is left alone with one
            "scene": Config(partial(_page, "scene"), "signs on walls, seen at an angle", 2),
            "document": Config(partial(_page, "document"), "papers, reports, letters, notices: to Markdown", 4),
            "chart": Config(
                partial(_sometimes, "chart", "diagram", 6),
                "bars, lines, pies, points: to a python dict; every sixth a science diagram",
                4,
            ),
            "recognition": Config(partial(_page, "recognition"), "paragraphs, receipts, cards: text by lines", 4),
            "web": Config(
                partial(_sometimes, "web", "gui", 4),
                "web pages: to Markdown; every fourth a screen of an application: element to text, place or click",
                3,
            ),
            "handwritten": Config(partial(_page, "handwritten"), "notes in fonts made from handwriting", 2),
            "table": Config(partial(_page, "table"), "tables: to Markdown, or HTML where cells span columns", 3),
            "formula": Config(partial(_page, "formula"), "formulas: to LaTeX", 2),
        },
        ("en", "zh"),
        (*TEXTS, *FONTS),
        (*TYPESET, "fontpkg_caveat"),
    ),
    "tiny": Preset(
        "Pages for the tiny model, of one to four tiles of 112 pixels.",
        {"train": Split()},
        {task: Config(partial(_tiny, task), _TINY[task]) for task in TASKS},
    ),
    "tiny-test": Preset(
        "What the evaluation's tiny-* tasks ask: pages like those of the preset tiny that no training saw.",
        {"test": Split()},
        {task: Config(partial(fresh_sample, task), _TINY[task]) for task in TASKS},
    ),
    "legibility": Preset(
        "The eye test: type of one size on a page of one tile of 112 pixels.",
        {"test": Split()},
        {legibility.NAME: Config(_legibility, "two lines of text in one of eleven sizes")},
    ),
}
