"""The untrained rivals of the tiny students, for demo and exam alike; ``docs/rivals.md`` tells the rules."""

from dataclasses import replace

from fcotvl_hf.baselines import Specification, parse_specification
from fcotvl_hf.eval_harness.result import TaskResult

from .scores import Scores

RIVALS = {
    "mean pooling 1-D": "mean:{keep}",
    "mean pooling 2-D": "mean:{keep},window=square",
    "random drop": "random:{keep}",
    "smaller tiles": "smaller-tiles:{keep}",
    "fewer tiles": "fewer-tiles:{keep}",
    "DivPrune": "divprune:{keep}",
    "VisionZip": "visionzip:{keep}",
    "FastV": "fastv:{keep}",
}
"""What a table calls a rival → its specification."""

_FEWEST = {"fewer tiles": 0.5}
"""Rival → the least share that it can keep on these pages: most have a tile or two, and none can do without."""


def rivals(keep: float) -> dict[str, Specification]:
    """Label → specification at a share of the visual tokens, of those that can keep so few."""
    able = {label: text for label, text in RIVALS.items() if keep >= _FEWEST.get(label, 0)}
    return {label: parse_specification(text.format(keep=keep)) for label, text in able.items()}


def at_nominal_tokens(results: Scores, specification: Specification) -> Scores:
    """Results that count the tokens which papers quote: those that stay, not those that FastV's first layers see.

    Args:
        results: of a reduced model, which count placeholders.
        specification: how it was reduced.
    """
    if specification.method != "fastv":
        return results
    return {task: _scaled(result, specification.keep) for task, result in results.items()}


def _scaled(result: TaskResult, keep: float) -> TaskResult:
    return replace(result, samples=[{**record, "tokens": round(keep * record["tokens"])} for record in result.samples])
