"""What the modules in ``modules/`` share, which make the metrics of this package loadable by Hugging Face ``evaluate``.

    evaluate.load("…/eval_harness/metrics/modules/anls").compute(predictions=["9 May"], references=[["9 May", "May 9"]])

Each is a folder of one file and is published as it is, as a Space of the folder's name. The files only name the columns
and average; they import this package, so whoever loads them from the Hub needs it: ``pip install fcotvl-hf``.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import datasets
import evaluate

TEXT = datasets.Value("string")
TEXTS = datasets.List(TEXT)
NUMBER = datasets.Value("float64")


def module_path(name: str) -> str:
    """Where a module lies, for ``evaluate.load``.

    Args:
        name: of a folder in ``modules/``.

    Raises:
        ValueError: there is none of that name.
    """
    folder = Path(__file__).parent / "modules"
    if not (folder / name / f"{name}.py").is_file():
        known = ", ".join(sorted(path.parent.name for path in folder.glob("*/*.py")))
        raise ValueError(f"there is no module {name!r}; known are {known}")
    return str(folder / name)


def info(description: str, **columns: Any) -> evaluate.MetricInfo:
    """Describe a metric.

    Args:
        description: what it measures.
        **columns: types of the columns besides ``predictions``.
    """
    features = datasets.Features({"predictions": TEXT, **columns})
    return evaluate.MetricInfo(description=description, citation="", features=features)


def average(function: Callable[..., Any], *columns: Sequence[Any], **options: Any) -> float:
    """Mean of a function over the rows of some columns.

    Args:
        function: from one value of each column to a score.
        *columns: all equally long, and not empty.
        **options: passed on to each call.
    """
    return fmean(function(*row, **options) for row in zip(*columns, strict=True))
