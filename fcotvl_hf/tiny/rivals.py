"""The untrained rivals of the tiny students, for demo and exam alike; ``docs/rivals.md`` tells the rules."""

from dataclasses import replace

from fcotvl_hf.baselines import Reduced, Specification, parse_specification
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

FURTHER = {"ToMe": "tome:{keep}", "PruMerge+": "prumerge:{keep}"}
"""Those that the exam leaves out, likewise."""

_FEWEST = {"fewer tiles": 0.5}
"""Rival → the least share that it can keep on these pages: most have a tile or two, and none can do without."""


def rivals(keep: float) -> dict[str, Specification]:
    """Label → specification at a share of the visual tokens, of those that can keep so few."""
    able = {label: text for label, text in RIVALS.items() if keep >= _FEWEST.get(label, 0)}
    return {label: parse_specification(text.format(keep=keep)) for label, text in able.items()}


def rival_name(specification: Specification) -> str:
    """What tables call a rival, as ``FastV, 50 %`` where half of the tokens are gone; others are called as asked for.

    Args:
        specification: the rival's.
    """
    for label, text in {**RIVALS, **FURTHER}.items():
        if specification == parse_specification(text.format(keep=specification.keep)):
            return f"{label}, {100 * (1 - specification.keep):g} %"
    return str(specification)


def at_nominal_tokens(results: Scores, rival: Reduced) -> Scores:
    """Results that count the tokens which papers quote: what the last layer sees, where earlier ones see more.

    Args:
        results: of the rival, which count placeholders.
        rival: the reduced model.
    """
    return {task: _nominal(result, rival) for task, result in results.items()}


def _nominal(result: TaskResult, rival: Reduced) -> TaskResult:
    samples = [{**record, "tokens": rival.tokens_per_layer(record["tokens"])[-1]} for record in result.samples]
    return replace(result, samples=samples)
