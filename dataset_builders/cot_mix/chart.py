"""Charts: differences, sums, averages, shares and ranks of the values drawn."""

from decimal import Decimal
from random import Random

from ..ocr_mix.chart import draw_chart
from ..rendering import Domain, degrade
from .named_values import ask
from .problem import Problem

PAGES = Domain(text_height=(16, 24))


def sample(seed: int, domain: Domain = PAGES) -> Problem:
    """Draw a chart and ask for something that is not written on it.

    Args:
        seed: the same seed and domain give the same page and question.
        domain: fonts, words and text heights to use.
    """
    rng = Random(f"cot-chart-{seed}")
    while True:
        page, drawn, style = draw_chart(rng, domain)
        values = {name: Decimal(text) for name, text in drawn.items()}
        if len(values) > 1 and len(set(values.values())) == len(values):  # ranks need no ties
            break
    question = ask(rng, values)
    image, degradations = degrade(page.image, rng)
    return Problem("chart", image, question, {"seed": seed, **style, "clean": not degradations, **degradations})
