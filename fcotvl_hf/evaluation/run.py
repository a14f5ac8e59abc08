"""One model on some tasks: what is wrong is found before the model is loaded, what is done is on disk at once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from rich.table import Table

from fcotvl_hf.command import UsageError
from fcotvl_hf.eval_harness.attention_pictures import write_pictures
from fcotvl_hf.eval_harness.backend import TransformersBackend
from fcotvl_hf.eval_harness.loading import LoadedRows, load_rows
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.eval_harness.publish import add_to_card, write_published
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.eval_harness.results import Results, TaskEntry, build_results, read_results, write_results
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tables import print_whole
from fcotvl_hf.eval_harness.tasks import Task
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import revision_of
from fcotvl_hf.hub.names import PACKAGED, resolve_model, shown_name
from fcotvl_hf.io.atomic import check_no_file

from .backends import check_attention, check_backend, check_confidence, open_backend
from .chosen import chosen_tasks
from .drawn import drawn_rows
from .reducing import asked_reduction, reduce_for

logger = logging.getLogger(__name__)


def run_evaluation(
    name: str,
    tasks: str | None,
    out: Path,
    *,
    limit: int | None = None,
    batch_size: int = 16,
    data_root: Path | None = None,
    card: bool = False,
    reduce: str | None = None,
    revisions: Sequence[str] = (),
    backend: str = "transformers",
    attention: int = 0,
    confidence: bool = False,
) -> None:
    """Evaluate a model; write ``results.json``, ``samples-<task>.jsonl`` and what the Hub reads, print a table.

    Args:
        name: packaged name, folder or Hub id.
        tasks: names with commas between.
        out: folder to write to; what it holds of the same evaluation is not computed again, and tasks that an earlier
            call evaluated stay in ``results.json``.
        limit: ask the first rows of each task only.
        batch_size: rows answered together; answers do not depend on it.
        data_root: folder with copies of the tasks' data, see ``loading.local_files``.
        card: put the scores into the card in the model's folder.
        revisions: ``TASK=REVISION`` for data sets that are to be read at another revision than the task names.
        backend: ``transformers`` or ``vllm``.
        attention: draw where the answers to this many rows of each task look.
        confidence: keep the probability of each piece of the answers beside them.
        reduce: evaluate a reduction of the model instead, see ``baselines.specification``.

    Raises:
        UsageError: a task or a reduction is unknown, or no task is named; there is no folder with a card; the backend
            is not installed; or it cannot tell attention, or reduce.
        FileExistsError: ``out`` holds another evaluation.
        NotADirectoryError: ``out`` is a file.
        ValueError: rows lack columns, there are none, or it is another kind of model.
        OSError: model, processor or data are not there.
    """
    chosen = chosen_tasks(tasks, revisions)
    check_backend(backend)
    check_no_file(out)
    earlier = read_results(out)
    asked = asked_reduction(reduce, card, backend, attention, earlier)
    folder = Path(resolve_model(name))
    _check_folders(name, folder, card, data_root)
    config = load_config(str(folder) if folder.is_dir() else name)
    if attention:
        check_attention(config, backend)
    if confidence:
        check_confidence(backend)
    tile = config.vision_config.image_size[0]
    loaded = {task.name: _rows(task, data_root, limit, tile) for task in chosen}
    state = processes()
    answering, processor = open_backend(backend, name, confidence)
    revision = revision_of(name)
    finished: list[TaskResult] = []
    for task in chosen:
        rows = loaded.pop(task.name)
        again = partial(_rows, task, data_root, limit, tile)
        posed = reduce_for(task, answering, processor, asked, again)
        shown = list(islice(rows.rows, attention))
        questions = chain(shown, rows.rows)
        result = evaluate(
            posed.backend, posed.processor, questions, posed.task, batch_size=batch_size, out=out, total=rows.count
        )
        told = {"limit": limit, "local": data_root is not None, "revision": _revision(task, rows, data_root)}
        finished.append(replace(result, settings=result.settings | told))
        results = build_results(posed.backend, shown_name(name), finished, revision, earlier, posed.reduction)
        if state.is_main_process:
            write_results(out, results)
            if isinstance(answering, TransformersBackend) and shown:
                records = {record["id"]: record for record in result.samples}
                write_pictures(out, answering.model, processor, task, shown, records)
    if state.is_main_process:
        if asked is None:  # the Hub asks for scores of models
            write_published(out, results)
        if card:
            add_to_card(folder, results)
        print_whole(as_table(results, [task.name for task in chosen]))
    if state.num_processes > 1:
        state.destroy_process_group()


def _check_folders(name: str, folder: Path, card: bool, data_root: Path | None) -> None:
    if card and (name in PACKAGED or not (folder / "README.md").is_file()):
        raise UsageError(f"--card needs a model folder with a README.md, which {name} is not")
    if data_root is not None and not data_root.is_dir():
        raise UsageError(f"--data-root {data_root} is no folder")


def as_table(results: Results, tasks: Sequence[str]) -> Table:
    """Scores with their standard errors and further figures."""
    table = Table(title=f"{results['model']}, settings {results['settings_hash']}", title_justify="left")
    table.add_column("task", no_wrap=True)
    for heading in ("n", "score", "±", "tokens per image"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("further figures", max_width=60)
    for name in tasks:
        entry = results["tasks"][name]
        table.add_row(
            name,
            str(entry["n"]),
            f"{entry['score']:.4f}",
            f"{entry['stderr']:.4f}",
            f"{entry['tokens_per_image']:.1f}",
            _listed({**entry["metrics"], **_over_layers(entry)}),
        )
    return table


def _listed(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {figure:.4g}" for name, figure in metrics.items())


def _over_layers(entry: TaskEntry) -> dict[str, float]:
    """How many tokens a layer sees on average, where layers differ."""
    mean = entry.get("tokens_over_layers", entry["tokens_per_image"])
    return {} if mean == entry["tokens_per_image"] else {"tokens over layers": mean}


def _revision(task: Task, rows: LoadedRows, data_root: Path | None) -> str | None:
    """What ``results.json`` says about the data set's revision: its commit if anybody knows it, else what was asked."""
    if task.source.dataset is None or data_root is not None:
        return None
    return rows.revision or task.source.revision


def _rows(task: Task, data_root: Path | None, limit: int | None, tile: int) -> LoadedRows:
    """A task's rows from a folder or the Hub; drawn where they are on no Hub and the folder lacks them."""
    if task.source.dataset is not None:
        return load_rows(task, data_root, limit)
    if data_root is not None:
        try:
            return load_rows(task, data_root, limit)
        except FileNotFoundError:
            logger.info("%s: %s has no rows of it, so they are drawn", task.name, data_root)
    return drawn_rows(task, limit, tile)
