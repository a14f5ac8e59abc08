"""The exam: every packaged model, other trained ones and the untrained baselines on the same pages."""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fcotvl_hf.baselines import reduced
from fcotvl_hf.eval_harness.backend import TransformersBackend
from fcotvl_hf.eval_harness.fingerprint import model_fingerprint
from fcotvl_hf.eval_harness.processors import Processors
from fcotvl_hf.hub.models import PACKAGED, load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration

from .rivals import rivals
from .scores import Rows, Scores, ask_all, build_exam, figures, paired, paired_by_task

logger = logging.getLogger(__name__)

STRIDES = {"tiny-50": 2, "tiny-75": 4}
"""Packaged student → its stride."""


def take_exam(
    further: Mapping[str, str], per_task: int, seeds: Sequence[int] = (0,), out: Path | None = None, kept: int = 0
) -> dict[str, Any]:
    """Ask everybody.

    Args:
        further: name → folder of more models: those at stride 1 or with mean pooling are controls, others students.
        per_task: rows of each task in each set, for each seed.
        seeds: of the pages; the answers to all of them are pooled.
        out: keeps the answers, so that a stopped exam goes on.
        kept: answers of each task to the fresh pages that are returned.

    Returns:
        ``settings`` and, under ``models``, kind and figures per set of each model; students also have ``over``, the
        paired differences to each baseline of their compression, and ``over_by_task``, the same in each task. With
        several seeds the fresh pages of each have their score under ``by_seed``. ``answers`` has model → task → the
        first records.
    """
    exam = _pooled([build_exam(per_task, seed) for seed in seeds])
    answers: dict[str, Scores] = {}
    models: dict[str, Any] = {}
    reference: dict[str, Scores] = {}
    for name, folder in {**dict.fromkeys(PACKAGED), **further}.items():
        model, processor = load_model(folder or name)
        results = {part: _ask(model, processor, rows, _folder(out, model, name, part)) for part, rows in exam.items()}
        reference = reference or {**results, "shuffled": results["fresh"]}
        plain = model.config.compressor_type in ("none", "mean")  # nothing that learned to merge
        kind = "teacher" if not answers else "control" if plain else "student"
        models[name] = {"kind": kind, **{part: figures(results[part], reference[part]) for part in exam}}
        models[name]["fresh"]["by_seed"] = _by_seed(results["fresh"], len(seeds))
        answers[name] = results["fresh"]
        logger.info("%s: %.3f", name, models[name]["fresh"]["score"])
    teacher, processor = load_model("tiny")
    for student, stride in STRIDES.items():
        models[student] |= {"over": {}, "over_by_task": {}}
        for label, specification in rivals(1 / stride, exact=False).items():
            rival = reduced(teacher, processor, specification, exam["fresh"])
            folder = _folder(out, teacher, str(specification), "fresh")
            found = _ask(rival.model, rival.processor, exam["fresh"], folder)
            name = f"{label}, {student.removeprefix('tiny-')} %"
            models[name] = {"kind": "baseline", "fresh": figures(found, reference["fresh"], rival.tokens_per_layer)}
            answers[name] = found
            models[student]["over"][name] = paired(answers[student], found)
            models[student]["over_by_task"][name] = paired_by_task(answers[student], found)
            logger.info("%s: %.3f", name, models[name]["fresh"]["score"])
    told = {
        name: {task: result.samples[:kept] for task, result in results.items()} for name, results in answers.items()
    }
    return {"settings": {"per_task": per_task, "seeds": list(seeds)}, "models": models, "answers": told}


def _ask(model: FCoTVLForConditionalGeneration, processors: Processors, rows: Rows, out: Path | None) -> Scores:
    return ask_all(TransformersBackend(model, confidence=True), processors, rows, out)


def _pooled(exams: Sequence[Mapping[str, Rows]]) -> dict[str, Rows]:
    """The questions of several exams, set by set."""
    return {part: [row for exam in exams for row in exam[part]] for part in exams[0]}


def _folder(out: Path | None, model: FCoTVLForConditionalGeneration, name: str, part: str) -> Path | None:
    """Where the answers of a model to a set are kept; another state of the model has another folder."""
    if out is None:
        return None
    return out / f"{re.sub(r'[^A-Za-z0-9.]+', '-', name)}-{model_fingerprint(model)}" / part.replace(" ", "-")


def _by_seed(results: Scores, seeds: int) -> list[float]:
    """Mean score over tasks on the pages of each seed."""
    parts = [result.scores.reshape(seeds, -1).mean(axis=1) for result in results.values()]  # [tasks][seeds]
    return [float(sum(scores) / len(parts)) for scores in zip(*parts, strict=True)]
