"""Formulas; the answer is the LaTeX of the tree that was drawn."""

from random import Random

from ...degradation import scan
from ...rows import Sample
from ..expressions import formula
from ..prompts import FORMULA, choose
from ..typesetting import typeset
from .languages import choose_language

TASK = "formula"


def sample(seed: int) -> Sample:
    """Draw one to three formulas below each other.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    formulas = [formula(rng) for _ in range(rng.choices((1, 2, 3), (7, 2, 1))[0])]
    points, resolution = rng.choice((10, 11, 12, 14)), rng.choice((150, 200, 250))
    lines = "\n\n".join(f"$ {each.typst} $" for each in formulas)
    paper = f"#set page(width: auto, height: auto, margin: {rng.randint(6, 30)}pt)"
    source = f"{paper}\n#set text(size: {points}pt)\n{lines}"
    page, degradations = scan(typeset(source, resolution)[0], rng)
    answer = "\n".join(each.latex for each in formulas)
    language = choose_language(rng)
    meta = {
        "seed": seed,
        "language": language,
        "font": "New Computer Modern Math",
        "points": points,
        "pixels_per_inch": resolution,
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, choose(FORMULA[language], rng), answer, meta)
