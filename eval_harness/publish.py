"""Scores in the forms that the Hub reads: ``model-index`` in a card's metadata, and ``.eval_results/<task>.yaml``.

``model-index`` takes any task; ``.eval_results`` is for data sets on the Hub. https://huggingface.co/docs/hub/eval-results
"""

import logging
from pathlib import Path

import yaml
from huggingface_hub import EvalResult, EvalResultEntry, ModelCard, eval_result_entries_to_yaml
from huggingface_hub.repocard_data import eval_results_to_model_index

from fcotvl_hf.io.atomic import atomic_write

from .results import Results, TaskEntry
from .tasks.task import is_commit

logger = logging.getLogger(__name__)


def eval_results(results: Results) -> list[EvalResult]:
    """What ``model-index`` says, one entry per task; scores in per cent.

    Args:
        results: content of ``results.json``.
    """
    return [_eval_result(results, name, entry) for name, entry in results["tasks"].items()]


def eval_result_entries(results: Results) -> dict[str, EvalResultEntry]:
    """Task → its entry of ``.eval_results``, for the tasks that were run on all rows of a data set on the Hub.

    Args:
        results: content of ``results.json``.
    """
    entries = {}
    for name, entry in results["tasks"].items():
        settings = entry["settings"]
        if settings["dataset"] is None or settings.get("limit"):
            continue
        entries[name] = EvalResultEntry(
            dataset_id=settings["dataset"],
            task_id=settings["config"] or "default",
            value=_per_cent(entry),
            dataset_revision=_commit(settings["revision"]),
            notes=_notes(results, entry),
        )
    return entries


def write_published(folder: Path, results: Results) -> None:
    """Write ``folder/model-index.yaml`` and ``folder/.eval_results/<task>.yaml``.

    Args:
        folder: a results folder.
        results: content of its ``results.json``.
    """
    index = eval_results_to_model_index(results["model"], eval_results(results))
    atomic_write(folder / "model-index.yaml", _yaml({"model-index": index}))
    _write_entries(folder, results)


def add_to_card(model: Path, results: Results) -> None:
    """Put scores into a model's folder: ``model-index`` into ``README.md``, and ``.eval_results`` beside it.

    Args:
        model: a folder with ``README.md``; scores that it had are replaced.
        results: content of ``results.json``.
    """
    card = ModelCard.load(model / "README.md")
    card.data.model_name = results["model"]
    card.data.eval_results = eval_results(results)
    atomic_write(model / "README.md", str(card))
    _write_entries(model, results)


def _write_entries(folder: Path, results: Results) -> None:
    """Write the entries there are; an earlier one of a task that has none now goes."""
    entries = eval_result_entries(results)
    for name in results["tasks"]:
        file = folder / ".eval_results" / f"{name}.yaml"
        if name in entries:
            file.parent.mkdir(exist_ok=True)
            atomic_write(file, _yaml(eval_result_entries_to_yaml([entries[name]])))
        else:
            file.unlink(missing_ok=True)


def _eval_result(results: Results, name: str, entry: TaskEntry) -> EvalResult:
    settings = entry["settings"]
    return EvalResult(
        task_type="image-text-to-text",
        dataset_type=settings["dataset"] or f"ocr_mix/{settings['config']}",
        dataset_name=name,
        dataset_config=settings["config"],
        dataset_split=settings["split"],
        dataset_revision=_commit(settings["revision"]),
        dataset_args={"n": entry["n"]},
        metric_type=settings["metric"],
        metric_name=f"{settings['metric']} ({_notes(results, entry)})",
        metric_value=_per_cent(entry),
    )


def _per_cent(entry: TaskEntry) -> float:
    return round(100 * entry["score"], 2)


def _commit(revision: str | None) -> str | None:
    """A revision that is a commit."""
    return revision if revision and is_commit(revision) else None


def _notes(results: Results, entry: TaskEntry) -> str:
    version = results["versions"]["fcotvl-hf"]
    return f"fcotvl-hf {version}, version {entry['version']} of the task, settings {results['settings_hash']}"


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
