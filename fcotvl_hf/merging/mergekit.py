"""The same merge as a configuration of mergekit (https://github.com/arcee-ai/mergekit), where it has the method."""

from collections.abc import Sequence
from typing import Any

import yaml

from .pool import Recipe


def mergekit_config(recipe: Recipe, base: str, checkpoints: Sequence[str], dtype: str) -> str | None:
    """What ``mergekit-yaml`` would be given.

    Linear merges whose weights add up to 1 are its ``linear``, others its ``task_arithmetic``. The masks of ``dare``
    are random, so there the result is of the same kind, not the same.

    Args:
        recipe: of the merge.
        base: as mergekit is to find it.
        checkpoints: likewise; ``base+adapter`` for adapters.
        dtype: of the result, ``"bfloat16"`` say.

    Returns:
        YAML; ``None`` for methods that have no equivalent here.
    """
    settings: dict[str, Any]
    pairs = list(zip(checkpoints, recipe.weights, strict=True))
    if recipe.method == "linear":
        terms = recipe.terms()
        pairs = [(model, weight) for model, weight in pairs if weight]
        if -1 in terms:
            settings = {"merge_method": "task_arithmetic", "base_model": base, "parameters": {"normalize": False}}
            settings["parameters"]["lambda"] = 1.0
        else:
            settings = {"merge_method": "linear", "parameters": {"normalize": False}}
        extra: dict[str, float] = {}
    elif recipe.method == "ties":
        parameters = {"normalize": True, "lambda": recipe.settings["scale"]}
        settings = {"merge_method": "ties", "base_model": base, "parameters": parameters}
        extra = {"density": recipe.settings["density"]}
    elif recipe.method == "dare":
        parameters = {"normalize": False, "rescale": True, "lambda": 1.0}
        settings = {"merge_method": "dare_linear", "base_model": base, "parameters": parameters}
        extra = {"density": recipe.settings["density"]}
    else:
        return None
    settings["models"] = [{"model": model, "parameters": {"weight": weight, **extra}} for model, weight in pairs]
    settings |= {"dtype": "float32", "out_dtype": dtype}
    return yaml.safe_dump(settings, sort_keys=False)
