"""The tiny models' bar charts with questions whose answers are written nowhere: answered at once, or step by step.

The same seed gives the same chart and question in both forms, so that training with chains of thought can be compared
with training without (FCoT-VL, §3.1.2, adds chains and does not tell what they give).
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from random import Random

from ..ocr_mix.chart import draw_chart
from ..rendering import Domain, degrade
from ..rows import Sample
from .named_values import NamedValues, ask
from .problem import Problem

_KINDS = ("difference", "sum", "range", "count", "second")
"""Kinds whose chains need nothing but ASCII, which is all that the tiny models can write."""


def problem(seed: int, domain: Domain = Domain()) -> Problem:
    """Draw a chart and ask for something that is not written on it.

    Args:
        seed: the same seed and domain give the same page and question.
        domain: fonts, words and text heights to use.
    """
    rng = Random(f"cot-small-chart-{seed}")
    page, values, drawn = draw_chart(rng, domain)
    question = ask(rng, NamedValues({name: Decimal(value) for name, value in values.items()}), among=_KINDS)
    image, degradations = degrade(page.image, rng)
    return Problem("small-chart", image, question, {"seed": seed, **drawn, "clean": not degradations, **degradations})


def sample(seed: int, domain: Domain = Domain(), *, direct: bool) -> Sample:
    """The problem of a seed in one of its forms.

    Args:
        seed: see ``problem``.
        domain: see ``problem``.
        direct: with the bare answer, instead of the chain.
    """
    return problem(seed, domain).told(direct, Random(f"form-small-chart-{seed}"))


BARE, CHAINED = "chart-answer", "chart-steps"
TASKS: dict[str, Callable[[int, Domain], Sample]] = {
    BARE: partial(sample, direct=True),
    CHAINED: partial(sample, direct=False),
}
"""Name → pure function from (seed, domain) to a sample; names as for ``ocr_mix.mix.TASKS``."""
