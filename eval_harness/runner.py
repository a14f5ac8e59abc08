"""Ask a model every question of a task, in batches, greedily, and score what it answers.

The runner receives a loaded model, or another backend, and rows, which it reads as it goes: no more than a few batches
of pages are held at a time. Among these, pages of about equal cost share a batch. Predictions are on disk after every
batch, so that a killed run goes on where it was, and results come back in the order of the rows. In several processes
(``accelerate launch``) each takes every n-th batch, and the first one writes.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object

from fcotvl_hf.io.images import load_image, read_size
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration

from .backend import Answer, Backend, TransformersBackend
from .fingerprint import row_hash, settings_hash
from .processes import processes
from .processors import Processors, Tilings
from .progress import shown_progress
from .result import TaskResult
from .rows import Row, Target, conversation, references
from .samples import Record, append_records, reusable_records, samples_file, stored_records
from .tasks.task import Task

_BATCHES_HELD = 16


def evaluate(
    model: FCoTVLForConditionalGeneration | Backend,
    processor: Processors,
    rows: Iterable[Row],
    task: Task,
    *,
    batch_size: int = 16,
    out: Path | None = None,
    total: int | None = None,
    progress: bool = True,
) -> TaskResult:
    """Let ``model`` answer the rows and score it.

    Args:
        model: generates text; used as it is, in its dtype and on its device. Or another backend.
        processor: the model's, or a mapping from row id to processor.
        rows: dicts with ``id``, ``images``, ``messages``; ids are unique.
        task: how to ask and score.
        batch_size: rows answered together; answers do not depend on it.
        out: folder for ``samples-<task>.jsonl``; what it holds of the same model and settings is not computed again.
        total: number of rows, for the progress bar; needed only where ``rows`` has no length.
        progress: show a progress bar on stderr.

    Raises:
        ValueError: there are no rows, ids repeat, or a row does not end with a question and its answer.
        FileExistsError: ``out`` holds answers of another model, with other settings or about other pages.
    """
    started = time.monotonic()
    backend = model if isinstance(model, Backend) else TransformersBackend(model)
    run = _Run(backend, Tilings(processor, task.max_tiles), task, out)
    length = len(rows) if isinstance(rows, Sequence) else total
    with shown_progress(task.name, length, progress and run.state.is_main_process) as advance:
        for held in _windows(rows, batch_size * _BATCHES_HELD):
            run.answer(held, batch_size, advance)
    if not run.targets:
        raise ValueError(f"{task.name} got 0 rows")
    return TaskResult(
        task,
        [run.records[name] for name in run.targets],
        list(run.targets.values()),
        _settings(task, run.tilings),
        run.images,
        time.monotonic() - started,
    )


class _Run:
    """What is known of one evaluation so far.

    Args:
        backend: what answers.
        tilings: the processor of each row.
        task: see ``evaluate``.
        out: see ``evaluate``.
    """

    def __init__(self, backend: Backend, tilings: Tilings, task: Task, out: Path | None) -> None:
        self.state = processes()
        self.tilings, self.records, self.images = tilings, dict[str, Record](), 0
        self.targets: dict[str, Target] = {}
        self._backend, self._task = backend, task
        self._key = f"{backend.fingerprint}-{_settings_hash(task, tilings)}"
        self._path = samples_file(out, task.name) if out else None
        self._stored = stored_records(self._path, self._key) if self._path else {}

    def answer(self, rows: Sequence[Row], batch_size: int, advance: Callable[[int], None]) -> None:
        """Answer some rows, but those that are answered already.

        Args:
            rows: the next rows.
            batch_size: rows answered together.
            advance: is told how many rows are done.
        """
        keys = self._note(rows)
        known = reusable_records(self._path, self._stored, keys) if self._path else {}
        self._keep(known.values(), advance)
        batches = list(_batches([row for row in rows if row["id"] not in known], self.tilings, batch_size))
        for turn in range(0, len(batches), self.state.num_processes):
            mine = batches[turn + self.state.process_index : turn + self.state.process_index + 1]
            made = gather_object([record for batch in mine for record in self._answer(batch, keys)])
            if self._path and self.state.is_main_process:
                append_records(self._path, made)
            self._keep(made, advance)

    def _note(self, rows: Sequence[Row]) -> dict[str, str]:
        """Note what is asked; returns row id → key of its record."""
        for row in rows:
            if row["id"] in self.targets:
                raise ValueError(f"{self._task.name} needs rows with one id each; {row['id']} comes twice")
            self.targets[row["id"]] = self._task.target(row)
            self.images += len(row["images"])
        return {row["id"]: f"{self._key}-{row_hash(row, self.tilings.settings(row['id']))}" for row in rows}

    def _keep(self, records: Collection[Record], advance: Callable[[int], None]) -> None:
        self.records |= {record["id"]: record for record in records}
        advance(len(records))

    def _answer(self, rows: Sequence[Row], keys: Mapping[str, str]) -> list[Record]:
        task, processor = self._task, self.tilings[rows[0]["id"]]
        talks = [conversation(row, task.prompt) for row in rows]
        images = [[load_image(image) for image in row["images"]] for row in rows]
        answers = self._backend.answer(processor, talks, images, task.max_new_tokens)
        return [
            _record(row["id"], answer, task, self.targets[row["id"]], keys[row["id"]])
            for row, answer in zip(rows, answers, strict=True)
        ]


def _windows(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while window := list(islice(iterator, size)):
        yield window


def _settings(task: Task, tilings: Tilings) -> dict[str, Any]:
    source = task.source
    return {
        "prompt": task.prompt,
        "tiles": tilings.distinct,
        "max_new_tokens": task.max_new_tokens,
        "metric": task.metric,
        "dataset": source.dataset,
        "config": source.config,
        "split": source.split,
        "revision": source.revision if source.dataset else None,
    }


def _settings_hash(task: Task, tilings: Tilings) -> str:
    settings = [task.name, task.version, task.prompt, task.max_new_tokens]
    return settings_hash({"task": settings, "tiles": tilings.distinct})


def _batches(rows: Sequence[Row], tilings: Tilings, batch_size: int) -> Iterator[Sequence[Row]]:
    """Rows of one processor, longest work first.

    The length of the reference stands for the steps that a good model needs; it decides nothing but the company a row
    is answered in.
    """

    def cost(row: Row) -> tuple[int, int]:
        tiles = tilings[row["id"]].image_processor.get_number_of_image_patches
        sizes = [read_size(image) for image in row["images"]]
        return sum(tiles(height, width) for width, height in sizes), len(references(row)[0])

    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(id(tilings[row["id"]]), []).append(row)
    for group in groups.values():
        group.sort(key=cost, reverse=True)
        yield from (group[start : start + batch_size] for start in range(0, len(group), batch_size))


def _record(name: str, answer: Answer, task: Task, target: Target, key: str) -> Record:
    record = Record(
        id=name,
        prediction=answer.text,
        references=list(target["references"]),
        score=task.score(answer.text, target),
        tokens=answer.visual_tokens,
        group=str(target[task.group]) if task.group else "",
        unit=str(target[task.unit]) if task.unit else name,
        key=key,
    )
    return record if answer.confidence is None else {**record, "confidence": answer.confidence}
