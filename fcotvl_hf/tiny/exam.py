"""The exam: every packaged model, the controls and the untrained baselines on the same pages."""

import logging
from collections.abc import Mapping
from typing import Any

from fcotvl_hf.baselines import reduced
from fcotvl_hf.eval_harness.comparison import paired_difference
from fcotvl_hf.hub.models import PACKAGED, load_model

from .rivals import at_nominal_tokens, rivals
from .scores import Scores, ask_all, build_exam, figures

logger = logging.getLogger(__name__)

STRIDES = {"tiny-50": 2, "tiny-75": 4}
"""Packaged student → its stride."""


def take_exam(controls: Mapping[str, str], per_task: int, seed: int) -> dict[str, Any]:
    """Ask everybody.

    Args:
        controls: name → folder of further models.
        per_task: rows of each task in each set.
        seed: of the pages.

    Returns:
        ``settings`` and, under ``models``, kind and figures per set of each model; students also have ``over``, the
        paired differences to each baseline of their compression.
    """
    exam = build_exam(per_task, seed)
    answers: dict[str, Scores] = {}
    models: dict[str, Any] = {}
    reference: dict[str, Scores] = {}
    for name, folder in {**dict.fromkeys(PACKAGED), **controls}.items():
        model, processor = load_model(folder or name)
        results = {part: ask_all(model, processor, rows) for part, rows in exam.items()}
        reference = reference or {**results, "shuffled": results["fresh"]}
        kind = "control" if folder else "student" if name in STRIDES else "teacher"
        models[name] = {"kind": kind, **{part: figures(results[part], reference[part]) for part in exam}}
        answers[name] = results["fresh"]
        logger.info("%s: %.3f", name, models[name]["fresh"]["score"])
    teacher, processor = load_model("tiny")
    for student, stride in STRIDES.items():
        models[student]["over"] = {}
        for label, specification in rivals(1 / stride).items():
            rival = reduced(teacher, processor, specification, exam["fresh"])
            found = at_nominal_tokens(ask_all(rival.model, rival.processor, exam["fresh"]), rival)
            name = f"{label}, {student.removeprefix('tiny-')} %"
            models[name] = {"kind": "baseline", "fresh": figures(found, reference["fresh"])}
            low, high, _ = paired_difference(_samples(answers[student]), _samples(found))
            models[student]["over"][name] = [low, high]
    return {"settings": {"per_task": per_task, "seed": seed}, "models": models}


def _samples(results: Scores) -> dict[str, Any]:
    return {task: result.scores for task, result in results.items()}
