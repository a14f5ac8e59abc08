"""Tables 2 and 3, Figure 4, and the controls: students that differ in one thing, trained for each seed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np

from fcotvl_hf.eval_harness.comparison import paired_difference
from fcotvl_hf.eval_harness.plots import curves
from fcotvl_hf.eval_harness.strata import Floats
from fcotvl_hf.tiny.laboratory import Budget, Laboratory, run_studies
from fcotvl_hf.tiny.studies import STUDIES
from fcotvl_hf.tiny.weights import weights_of

from .plan import Plan
from .stage import Figures, Pictures, Stage

Record: TypeAlias = Mapping[str, Any]
"""See ``Laboratory.study``."""
Pages: TypeAlias = Mapping[str, Floats]
"""Task → the score of each page."""
_TEACHER = "tiny"
_NATS = {"loss": "loss, nats per token", "kl": "KL divergence, nats per token"}
_POINTS = 40
"""Points of a loss curve that are kept; each is a mean of the steps around it."""


class StudyStage(Stage):
    """One study of ``tiny.studies``.

    Args:
        plan: what to measure.
        name: of the study.
    """

    def __init__(self, plan: Plan, name: str) -> None:
        super().__init__(plan)
        self.name = name

    @property
    def settings(self) -> Figures:
        budget = json.loads(json.dumps(asdict(self._budget)))
        return {**budget, "seeds": list(range(self.plan.trainings)), "teacher": weights_of([_TEACHER])[_TEACHER]}

    @property
    def missing(self) -> str | None:
        if not self._laboratory(0).claim():
            return f"{self.plan.studies} holds runs of another teacher or budget; name another folder with --studies-at"
        lacking = any(self._laboratory(seed).needs_training(self.name) for seed in range(self.plan.trainings))
        if lacking and not self.plan.trains:
            return f"{self.plan.studies} lacks students of it"
        return None

    def measure(self) -> Figures:
        runs = []
        for seed in range(self.plan.trainings):
            ((_, results),) = run_studies([self.name], self._laboratory(seed))
            runs.append(results[self.name])
        return {"variants": over_trainings(runs, STUDIES[self.name].curve)}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        return {f"{self.name}.svg": loss_curves(figures["variants"], STUDIES[self.name].curve)}

    @property
    def _budget(self) -> Budget:
        """The plan's, or that of the runs in the folder."""
        return budget_of(self.plan.studies) or self.plan.budget

    def _laboratory(self, seed: int) -> Laboratory:
        return Laboratory(_TEACHER, self.plan.studies, self._budget, seed)


def budget_of(folder: Path) -> Budget | None:
    """The budget of the studies in a folder; ``None`` for a new one."""
    path = folder / "settings.json"
    if not path.exists():
        return None
    told = {key: value for key, value in json.loads(path.read_text(encoding="utf-8")).items() if key != "teacher"}
    return Budget(**{**told, "extra": tuple(told["extra"])})


def over_trainings(runs: Sequence[Sequence[Record]], curve: str) -> list[Figures]:
    """What a study found, from what each of its trainings found.

    A page's score is its mean over trainings before models are compared page by page, so intervals tell what other
    pages would change; what another training would, the scores of each.

    Args:
        runs: the records of ``Laboratory.study``, of one training after another.
        curve: which of the losses is kept.

    Returns:
        For the teacher and each variant ``label``; means over trainings of ``score``, ``retention``,
        ``tokens_per_image`` and the tasks' scores; each training's score under ``by_seed``; the ``difference`` to the
        teacher and, under ``over``, to other variants; the first training's losses, thinned. Where there is
        ``thought``, its score and differences likewise.
    """
    variants = list(zip(*runs, strict=True))
    pages = [_mean_pages(records) for records in variants]
    labels = [records[0]["label"] for records in variants]
    thoughts = [
        _mean_pages([record["thought"] for record in records]) for records in variants if "thought" in records[0]
    ]
    found = []
    for number, records in enumerate(variants):
        first = records[0]
        told = {
            "label": first["label"],
            **{key: fmean(record[key] for record in records) for key in ("tokens_per_image", "score", "retention")},
            "tasks": {task: fmean(record["tasks"][task]["score"] for record in records) for task in first["tasks"]},
            "by_seed": [record["score"] for record in records],
            "difference": _difference(pages[number], pages[0]),
            "over": _over(number, labels, pages),
            "losses": thinned(first["losses"], curve),
        }
        if thoughts:
            scores = [record["thought"]["score"] for record in records]
            over = _over(number, labels, thoughts)
            told["thought"] = {"n": first["thought"]["n"], "score": fmean(scores), "by_seed": scores, "over": over}
        found.append(told)
    return found


def _mean_pages(records: Sequence[Record]) -> Pages:
    """Task → each page's mean score over trainings."""
    return {task: np.mean([record["pages"][task] for record in records], axis=0) for task in records[0]["pages"]}


def _over(number: int, labels: Sequence[str], pages: Sequence[Pages]) -> dict[str, list[float]]:
    """The differences of a student to the other students; the teacher, which comes first, is none."""
    others = [other for other in range(1, len(labels)) if number and other != number]
    return {labels[other]: _difference(pages[number], pages[other]) for other in others}


def _difference(own: Pages, other: Pages) -> list[float]:
    difference = paired_difference(own, other)
    return [difference.low, difference.high]


def thinned(entries: Sequence[Mapping[str, float]], curve: str) -> dict[str, list[float]]:
    """A log as ``step`` and ``loss`` of at most ``_POINTS`` points, the loss averaged up to the step.

    Args:
        entries: of ``log.jsonl``.
        curve: which loss.
    """
    width = max(1, -(-len(entries) // _POINTS))
    parts = [entries[start : start + width] for start in range(0, len(entries), width)]
    losses = [round(fmean(entry[curve] for entry in part), 4) for part in parts]
    return {"step": [part[-1]["step"] for part in parts], "loss": losses}


def loss_curves(variants: Sequence[Mapping[str, Any]], curve: str) -> str:
    """The losses of a study's students as SVG.

    Args:
        variants: of ``over_trainings``.
        curve: which loss it is.
    """
    lines = {
        variant["label"]: (variant["losses"]["step"], variant["losses"]["loss"])
        for variant in variants
        if variant["losses"]["step"]
    }
    return curves(lines, "optimizer step", _NATS[curve], f"{_NATS[curve]}, over the steps of training", log=True).svg
