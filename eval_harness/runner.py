"""Ask a model every question of a task, in batches, greedily, and score what it answers.

The runner receives a loaded model and ready rows. Pages of about equal cost share a batch, results come back in the
order of the rows, and predictions are on disk after every batch, so that a killed run goes on where it was.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import torch
from rich.console import Console
from rich.progress import Progress

from fcotvl_hf.io.images import load_image
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .fingerprint import model_fingerprint, row_hash, settings_hash
from .result import TaskResult
from .rows import Row, conversation, references
from .samples import Record, append_records, reusable_records
from .tasks.task import Task

Processors: TypeAlias = FCoTVLProcessor | Mapping[str, FCoTVLProcessor]
"""One processor for all rows, or row id → processor where rows are cut into tiles of different sizes."""


def evaluate(
    model: FCoTVLForConditionalGeneration,
    processor: Processors,
    rows: Iterable[Row],
    task: Task,
    *,
    batch_size: int = 16,
    out: Path | None = None,
    progress: bool = True,
) -> TaskResult:
    """Let ``model`` answer the rows and score it.

    Args:
        model: generates text; used as it is, in its dtype and on its device.
        processor: the model's, or a mapping from row id to processor.
        rows: dicts with ``id``, ``images``, ``messages``; ids are unique.
        task: how to ask and score.
        batch_size: rows per call of ``generate``; answers do not depend on it.
        out: folder for ``samples-<task>.jsonl``; what it holds of the same model and settings is not computed again.
        progress: show a progress bar on stderr.

    Raises:
        ValueError: there are no rows, ids repeat, or a row does not end with a question and its answer.
        FileExistsError: ``out`` holds answers of another model, with other settings or about other pages.
    """
    started = time.monotonic()
    rows = list(rows)
    ids = {row["id"] for row in rows}
    if not rows or len(ids) < len(rows):
        raise ValueError(f"{task.name} needs rows with one id each, got {len(rows)} rows with {len(ids)} ids")
    processors = processor if isinstance(processor, Mapping) else dict.fromkeys(ids, processor)
    settings = _settings(task, [processors[row["id"]] for row in rows])
    keys = _keys(model, processors, rows, task)
    path = out / f"samples-{task.name}.jsonl" if out else None
    records = reusable_records(path, keys) if path else {}
    todo = [row for row in rows if row["id"] not in records]
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task(task.name, total=len(rows), completed=len(records))
        for batch in _batches(todo, processors, batch_size):
            made = _answer(model, processors[batch[0]["id"]], batch, task, keys)
            if path:
                append_records(path, made)
            records |= {record["id"]: record for record in made}
            bar.advance(shown, len(batch))
    images = sum(len(row["images"]) for row in rows)
    return TaskResult(task, [records[row["id"]] for row in rows], settings, images, time.monotonic() - started)


def _tiling(processor: FCoTVLProcessor) -> dict[str, int]:
    """What decides the visual tokens of a page."""
    tiles = processor.image_processor
    return {
        "tile": tiles.size["height"],
        "min_patches": tiles.min_patches,
        "max_patches": tiles.max_patches,
        "tokens_per_tile": processor.image_seq_length,
    }


def _settings(task: Task, processors: Sequence[FCoTVLProcessor]) -> dict[str, Any]:
    tilings = {id(processor): _tiling(processor) for processor in processors}
    return {"prompt": task.prompt, "tiles": list(tilings.values()), "max_new_tokens": task.max_new_tokens}


def _keys(
    model: FCoTVLForConditionalGeneration, processors: Mapping[str, FCoTVLProcessor], rows: Sequence[Row], task: Task
) -> dict[str, str]:
    """Row id → the key under which its record may be used again."""
    settings = settings_hash({"task": [task.name, task.version, task.prompt, task.max_new_tokens]})
    run = f"{model_fingerprint(model)}-{settings}"
    return {row["id"]: f"{run}-{row_hash(row, _tiling(processors[row['id']]))}" for row in rows}


def _batches(
    rows: Sequence[Row], processors: Mapping[str, FCoTVLProcessor], batch_size: int
) -> Iterator[Sequence[Row]]:
    """Rows of one processor, longest work first, so that memory runs out at once or never.

    The length of the reference stands for the steps that a good model needs; it decides nothing but the company a row
    is answered in.
    """

    def cost(row: Row) -> tuple[int, int]:
        tiles = processors[row["id"]].image_processor.get_number_of_image_patches
        return sum(tiles(image.height, image.width) for image in row["images"]), len(references(row)[0])

    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(id(processors[row["id"]]), []).append(row)
    for group in groups.values():
        group.sort(key=cost, reverse=True)
        yield from (group[start : start + batch_size] for start in range(0, len(group), batch_size))


def _answer(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    rows: Sequence[Row],
    task: Task,
    keys: Mapping[str, str],
) -> list[Record]:
    texts = [processor.apply_chat_template(conversation(row, task.prompt), add_generation_prompt=True) for row in rows]
    images = [load_image(image) for row in rows for image in row["images"]]
    inputs = processor(text=texts, images=images or None, padding=True, padding_side="left", return_tensors="pt")
    inputs = inputs.to(model.device)
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=task.max_new_tokens, do_sample=False, num_beams=1)
    answers = output[:, inputs["input_ids"].shape[1] :]  # [rows, new tokens]
    predictions = processor.batch_decode(answers, skip_special_tokens=True)
    tokens = (inputs["input_ids"] == processor.image_token_id).sum(dim=1).tolist()
    return [
        Record(
            id=row["id"],
            prediction=prediction,
            references=references(row),
            score=task.score(prediction, references(row)),
            tokens=count,
            key=keys[row["id"]],
        )
        for row, prediction, count in zip(rows, predictions, tokens, strict=True)
    ]
