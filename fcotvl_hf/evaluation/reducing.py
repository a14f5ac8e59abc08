"""``--reduce``: the model of an evaluation made smaller without training, and what its results say of that."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from fcotvl_hf.baselines import METHODS, Specification, parse_specification, reduced
from fcotvl_hf.command import UsageError
from fcotvl_hf.eval_harness.backend import Backend, TransformersBackend
from fcotvl_hf.eval_harness.loading import LoadedRows
from fcotvl_hf.eval_harness.processors import Processors, with_tile_limit
from fcotvl_hf.eval_harness.results import Reduction, Results
from fcotvl_hf.eval_harness.tasks import Task
from fcotvl_hf.modeling import FCoTVLProcessor


class Posed(NamedTuple):
    """A task and who is asked."""

    task: Task
    backend: Backend
    processor: Processors
    reduction: Reduction | None = None


def asked_reduction(
    text: str | None, card: bool, backend: str, attention: int, earlier: Results | None
) -> Specification | None:
    """Read ``--reduce``.

    Args:
        text: its value, if it was given.
        card: scores are to go into a model's card.
        backend: what will answer.
        attention: of how many rows attention is to be drawn.
        earlier: what the folder for the results holds.

    Raises:
        UsageError: it is none, or does not go with the rest of what is asked.
        FileExistsError: the folder holds scores of another reduction, or of none.
    """
    asked = parse_specification(text) if text is not None else None
    if card and asked:
        raise UsageError("--card is for scores of the model itself, not of a reduction")
    if asked and (backend != "transformers" or attention):
        raise UsageError("--reduce needs --backend transformers and goes without --attention")
    if earlier and earlier.get("reduction") != (str(asked) if asked else None):
        raise FileExistsError(f"the folder holds scores of {earlier['model']}; choose another one with --out")
    return asked


def reduce_for(
    task: Task,
    backend: Backend,
    processor: FCoTVLProcessor,
    asked: Specification | None,
    load: Callable[[], LoadedRows],
) -> Posed:
    """Reduce a model for a task, if that was asked for.

    Args:
        task: its limit of tiles is what methods that choose tiles start from.
        backend: a loaded model of stride 1; not changed.
        processor: its processor; not changed.
        asked: how; ``None`` leaves everything as it is.
        load: gives the task's rows, for methods that choose tiles page by page.

    Returns:
        The reduced model and the task, without a limit of tiles where the processors have theirs.

    Raises:
        ValueError: the method does not fit this model.
    """
    if asked is None:
        return Posed(task, backend, processor)
    if not isinstance(backend, TransformersBackend):
        raise ValueError(f"{backend.name} runs models as they are; reduce one with transformers")
    if METHODS[asked.method].needs_rows:
        made = reduced(backend.model, with_tile_limit(processor, task.max_tiles), asked, load().rows)
        task = replace(task, max_tiles=None)
    else:
        made = reduced(backend.model, processor, asked)
    reduction = Reduction(str(asked), 1 - asked.keep, made.tokens_per_layer)
    return Posed(task, TransformersBackend(made.model, backend.confidence), made.processor, reduction)
