"""Charts of the OCR mix: differences, sums, averages, shares and ranks of the values drawn."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from fcotvl_hf.eval_harness.metrics.literal import read_literal

from ..ocr_mix.pages import chart
from ..rows import Sample
from .named_values import NamedValues, ask
from .problem import Problem, Question

_FIRST = 10**12
"""Seeds from here on are charts that the OCR mix does not show."""
_SEEDS_EACH = 64
_KINDS = ("bars", "lying bars", "grouped bars", "lines", "pie")


def sample(seed: int) -> Problem:
    """Draw an English chart and ask for something that is not written on it.

    Args:
        seed: the same seed gives the same page and question.
    """
    rng = Random(f"cot-chart-{seed}")
    page = _page(seed)
    question = _ask(rng, read_literal(page.answer)["values"], page.meta["kind"] == "pie")
    return Problem("chart", page.image, question, {**page.meta, "seed": seed})


def _page(seed: int) -> Sample:
    pages = (chart.sample(_FIRST + seed * _SEEDS_EACH + number) for number in count())
    return next(page for page in pages if page.meta["language"] == "en" and page.meta["kind"] in _KINDS)


def _ask(rng: Random, values: Mapping[str, Any], parts_of_whole: bool) -> Question:
    """A question about the values; of a chart with several series about one of them, or about one place of all."""
    if not isinstance(next(iter(values.values())), Mapping):
        return ask(rng, NamedValues(_decimals(values), parts_of_whole))
    if len(values) > 1 and rng.random() < 0.4:
        place = rng.choice(list(next(iter(values.values()))))
        across = {series: points[place] for series, points in values.items()}
        return ask(rng, NamedValues(_decimals(across)), f"Look at {place} only.")
    series = rng.choice(list(values))
    return ask(rng, NamedValues(_decimals(values[series])), f"Look at {series} only." if len(values) > 1 else "")


def _decimals(values: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(str(value).rstrip("%")) for name, value in values.items()}
