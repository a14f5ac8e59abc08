"""One model on some tasks: what is wrong is found before the model is loaded, what is done is on disk at once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from accelerate import PartialState
from rich.table import Table

from fcotvl_hf.command import UsageError
from fcotvl_hf.eval_harness.loading import LoadedRows, load_rows
from fcotvl_hf.eval_harness.publish import add_to_card, write_published
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.eval_harness.results import Results, TaskEntry, build_results, read_results, write_results
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tables import print_whole
from fcotvl_hf.eval_harness.tasks import TASKS, Task, get_task
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import load_model, revision_of
from fcotvl_hf.hub.names import resolve_model, shown_name

from .drawn import drawn_rows
from .reducing import Posed, asked_reduction, reduce_for

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
) -> None:
    """Evaluate a model; write ``results.json``, ``samples-<task>.jsonl`` and what the Hub reads, print a table.

    Args:
        name: packaged name, folder or Hub id.
        tasks: names with commas between.
        out: folder to write to; what it holds of the same evaluation is not computed again, and tasks that an earlier
            call evaluated stay in ``results.json``.
        limit: ask the first rows of each task only.
        batch_size: rows per call of ``generate``; answers do not depend on it.
        data_root: folder with copies of the tasks' data, see ``loading.local_files``.
        card: put the scores into the card in the model's folder.
        reduce: evaluate a reduction of the model instead, see ``baselines.specification``.

    Raises:
        UsageError: a task or a reduction is unknown, or no task is named; or there is no folder with a card.
        FileExistsError: ``out`` holds another evaluation.
        ValueError: rows lack columns, there are none, or it is another kind of model.
        OSError: model, processor or data are not there.
    """
    chosen = _tasks(tasks)
    earlier = read_results(out)
    asked = asked_reduction(reduce, card, earlier)
    folder = Path(resolve_model(name))
    if card and not (folder / "README.md").is_file():
        raise UsageError(f"--card needs a model folder with a README.md, which {name} is not")
    if data_root is not None and not data_root.is_dir():
        raise UsageError(f"--data-root {data_root} is no folder")
    tile = load_config(str(folder) if folder.is_dir() else name).vision_config.image_size[0]
    loaded = {task.name: _rows(task, data_root, limit, tile) for task in chosen}
    state = PartialState()
    model, processor = load_model(name, device=state.device)
    revision = revision_of(name)
    finished: list[TaskResult] = []
    for task in chosen:
        rows = loaded.pop(task.name)
        again = partial(_rows, task, data_root, limit, tile)
        posed = Posed(task, model, processor) if asked is None else reduce_for(task, model, processor, asked, again)
        result = evaluate(
            posed.model, posed.processor, rows.rows, posed.task, batch_size=batch_size, out=out, total=rows.count
        )
        told = {"limit": limit, "local": data_root is not None}
        unknown = {"revision": None} if data_root else {}  # of a copy nobody knows the commit
        finished.append(replace(result, settings=result.settings | told | unknown))
        results = build_results(posed.model, shown_name(name), finished, revision, earlier, posed.reduction)
        if state.is_main_process:
            write_results(out, results)
    if state.is_main_process:
        if asked is None:  # the Hub asks for scores of models
            write_published(out, results)
        if card:
            add_to_card(folder, results)
        print_whole(as_table(results, [task.name for task in chosen]))
    if state.num_processes > 1:
        state.destroy_process_group()


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


def _tasks(names: str | None) -> list[Task]:
    """The tasks of a list with commas.

    Raises:
        UsageError: there is none, or one is unknown.
    """
    chosen = [name.strip() for name in (names or "").split(",") if name.strip()]
    if not chosen:
        raise UsageError(f"name tasks with --tasks; there are {', '.join(TASKS)}")
    try:
        return [get_task(name) for name in dict.fromkeys(chosen)]
    except ValueError as error:
        raise UsageError(str(error)) from None


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
