"""Which models a lab compares. Light, so that bad arguments are told before anything heavy is imported."""

import os
from collections.abc import Sequence

from fcotvl_hf.command import UsageError, names_in
from fcotvl_hf.hub.names import PACKAGED

MODELS_VARIABLE = "FCOTVL_MODELS"
"""Environment variable with the models of a Space, commas between: the reference first."""


def names_of_models(given: Sequence[str] | None) -> list[str]:
    """The models to load: those given, or those of the environment, or the packaged ones.

    Raises:
        UsageError: there are fewer than two, or one of them twice.
    """
    names = list(given or names_in(os.environ.get(MODELS_VARIABLE, "")) or PACKAGED)
    if len(names) < 2:
        raise UsageError(f"one model cannot be compared: give the reference, then its students, not only {names[0]}")
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{repeated} is given twice")
    return names
