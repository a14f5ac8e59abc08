"""The untrained rivals of the tiny students, for demo and exam alike; ``docs/rivals.md`` tells the rules."""

from fcotvl_hf.baselines import Specification, parse_specification

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


def rivals(keep: float, exact: bool = True) -> dict[str, Specification]:
    """Rivals of a student that keeps a share of the visual tokens.

    Args:
        keep: the share.
        exact: without those that cannot go so low and spend more.

    Returns:
        Label → specification.
    """
    chosen = [label for label in RIVALS if not exact or keep >= _FEWEST.get(label, 0)]
    return {label: parse_specification(RIVALS[label].format(keep=keep)) for label in chosen}


def rival_name(specification: Specification) -> str:
    """What tables call a rival, as ``FastV, 50 %`` where half of the tokens are gone; others are called as asked for.

    Args:
        specification: the rival's.
    """
    for label, text in {**RIVALS, **FURTHER}.items():
        if specification == parse_specification(text.format(keep=specification.keep)):
            return f"{label}, {100 * (1 - specification.keep):g} %"
    return str(specification)
