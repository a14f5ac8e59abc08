"""All metrics by the names that rows of ``fcotvl score`` call them by, imported when they are asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .scored import Scored

_OCRBENCH_V2 = (
    "vqa", "counting", "formula", "table_teds", "chart_teds", "doc_steds", "kie_f1", "iou", "vqa_position", "spotting",
    "page_ocr", "handwritten_cn",
)  # fmt: skip
"""Families of tasks; the task itself is an input, so they are all one function."""

METRICS: dict[str, str] = {
    "anls": "anls.anls",
    "anls_mean": "anls.anls_mean",
    "cell_f1": "cells.cell_f1",
    "cer": "cer.cer",
    "exact_match": "exact.exact_match_any",
    "mathvista": "mathvista.mathvista",
    "mathvista_extract": "mathvista.mathvista_extract",
    "mathvista_normalize": "mathvista.mathvista_normalize",
    "mcq": "multiple_choice.mcq",
    "mme": "mme.mme",
    "mme_parse": "mme.mme_parse",
    "ocrbench": "ocrbench.ocrbench",
    "ocrbench_total": "ocrbench.ocrbench_total",
    "ocrbench_v2": "ocrbench_v2.task.ocrbench_v2",
    **{f"ocrbench_v2_{family}": "ocrbench_v2.task.ocrbench_v2" for family in _OCRBENCH_V2},
    "ocrbench_v2_aggregate": "ocrbench_v2.aggregate.ocrbench_v2_aggregate",
    "ocrbench_v2_parse": "ocrbench_v2.parsing.ocrbench_v2_parse",
    "pair_f1": "pairs.pair_f1",
    "relaxed_accuracy": "relaxed_accuracy.relaxed_accuracy",
    "relaxed_accuracy_mean": "relaxed_accuracy.relaxed_accuracy_mean",
    "repetition_rate": "repetition.repetition_rate",
    "vqa_accuracy": "vqa_accuracy.vqa_accuracy",
    "vqa_accuracy_mean": "vqa_accuracy.vqa_accuracy_mean",
    "vqa_normalize": "vqa_normalize.vqa_normalize",
    "wer": "cer.wer",
}
"""Name → module and function."""

_NOT_NEEDED: dict[str, set[str]] = {"ocrbench": {"dataset"}, "mathvista_extract": {"precision"}}
"""Inputs that rows have because other harnesses want them."""

_EXTRA = {"apted", "jieba", "lxml", "nltk"}
"""Top-level modules of the ``eval`` extra."""


def find_metric(name: str) -> Callable[..., Any]:
    """Import a metric.

    Args:
        name: a key of ``METRICS``.

    Returns:
        A function of keyword arguments. It returns a score, a ``Scored``, or if it only reads something what it read.

    Raises:
        ValueError: there is no such metric.
        OSError: it needs packages that are not installed.
    """
    if name not in METRICS:
        raise ValueError(f"there is no metric {name!r}; known are {', '.join(METRICS)}")
    module, _, function = METRICS[name].rpartition(".")
    try:
        return getattr(import_module(f".{module}", __package__), function)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise OSError(f"{name} needs {error.name}; install it with pip install 'fcotvl-hf[eval]'") from error


def evaluate_row(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Compute a metric from the inputs of a row.

    Args:
        name: a key of ``METRICS``.
        inputs: the metric's arguments, by name.

    Returns:
        ``score`` and/or ``output``.

    Raises:
        ValueError: there is no such metric, or the inputs do not fit it.
        OSError: it needs packages that are not installed.
    """
    function = find_metric(name)
    arguments = {key: value for key, value in inputs.items() if key not in _NOT_NEEDED.get(name, ())}
    if not isinstance(arguments.get("prediction", ""), str):
        raise ValueError("'prediction' must be a text")
    try:
        result = function(**arguments)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    if isinstance(result, Scored):
        return result._asdict()
    return {"score" if isinstance(result, float) else "output": result}
