"""Folders that ``fcotvl eval`` wrote, read back and brought to the same rows."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from .attention_pictures import Picture, read_pictures
from .results import Results, read_results
from .samples import Record, read_records, samples_file
from .strata import Floats, strata
from .tasks import get_task

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """What one model reached.

    Args:
        label: what reports call it.
        results: content of ``results.json``.
        samples: task → row id → record.
        pictures: where answers look, see ``attention_pictures``.
        folder: where the pictures' files are.
    """

    label: str
    results: Results
    samples: Mapping[str, Mapping[str, Record]]
    pictures: Sequence[Picture]
    folder: Path

    @property
    def strata(self) -> dict[str, dict[str, Floats]]:
        """Task → group → score of each unit: what ``comparison`` takes."""
        return {task: strata(records.values(), get_task(task).join) for task, records in self.samples.items()}

    @property
    def tokens_per_image(self) -> float:
        """Mean over tasks of the visual tokens of an image that the language model's last layer sees."""
        return fmean(self.results["tasks"][task]["tokens_per_image"] for task in self.samples)

    @property
    def tokens_over_layers(self) -> float:
        """The same, mean over the layers: more where tokens are dropped on the way."""
        entries = [self.results["tasks"][task] for task in self.samples]
        return fmean(entry.get("tokens_over_layers", entry["tokens_per_image"]) for entry in entries)


def read_evaluation(folder: Path) -> Evaluation:
    """Read a folder.

    Raises:
        FileNotFoundError: it holds no results, or a task's samples are gone.
        ValueError: the results are broken, or of a task that this version does not have.
    """
    results = read_results(folder)
    if results is None:
        raise FileNotFoundError(f"{folder} holds no results.json; give folders that fcotvl eval wrote")
    samples = {}
    for task in results["tasks"]:
        path = samples_file(folder, get_task(task).name)
        if not path.is_file():
            raise FileNotFoundError(f"{path} is gone, without which {task} cannot be compared; evaluate again")
        samples[task] = {record["id"]: record for record in read_records(path)}
    return Evaluation(results["model"], results, samples, read_pictures(folder), folder)


def on_the_same_rows(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Keep the tasks and rows that all have, rows in the order of the first, and say on stderr what is left out.

    Raises:
        ValueError: they have no task or, in a task, no row in common; or a task's version or prompt differs.
    """
    first = evaluations[0]
    tasks = [task for task in first.samples if all(task in other.samples for other in evaluations)]
    if not tasks:
        raise ValueError("the folders have no task in common: " + "; ".join(_tasks(each) for each in evaluations))
    for task in dict.fromkeys(task for each in evaluations for task in each.samples if task not in tasks):
        logger.info("%s is left out, not all models were evaluated on it", task)
    rows = {task: _common_rows(evaluations, task) for task in tasks}
    return [_restricted(each, rows) for each in evaluations]


def _restricted(evaluation: Evaluation, rows: Mapping[str, Sequence[str]]) -> Evaluation:
    """The evaluation on some rows of some tasks, with the visual tokens of these rows."""
    samples = {task: {row: evaluation.samples[task][row] for row in names} for task, names in rows.items()}
    tasks = {task: evaluation.results["tasks"][task].copy() for task in rows}
    for task, entry in tasks.items():
        share = _mean_tokens(samples[task]) / (_mean_tokens(evaluation.samples[task]) or 1)
        entry["tokens_per_image"] *= share
        if "tokens_over_layers" in entry:
            entry["tokens_over_layers"] *= share
    results = evaluation.results.copy()
    results["tasks"] = tasks
    return replace(evaluation, samples=samples, results=results)


def _mean_tokens(records: Mapping[str, Record]) -> float:
    return fmean(record["tokens"] for record in records.values())


def _common_rows(evaluations: Sequence[Evaluation], task: str) -> list[str]:
    entries = [each.results["tasks"][task] for each in evaluations]
    for what, values in (
        ("version", {entry["version"] for entry in entries}),
        ("prompt", {entry["settings"]["prompt"] for entry in entries}),
    ):
        if len(values) > 1:
            raise ValueError(f"{task} was asked with several {what}s, {sorted(values)}; evaluate again with one")
    samples = [each.samples[task] for each in evaluations]
    common = [row for row in samples[0] if all(row in other for other in samples)]
    if not common:
        raise ValueError(f"{task}: the folders have no row in common")
    if any(len(other) > len(common) for other in samples):
        logger.info("%s: compared on the %d rows that all have", task, len(common))
    return common


def _tasks(evaluation: Evaluation) -> str:
    return f"{evaluation.label} has {', '.join(evaluation.samples)}"
