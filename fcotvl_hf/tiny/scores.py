"""What the tiny models reach, on pages of the training distribution and off it, and whether they look at the page.

The same rows for every model, so that differences are paired. ``shuffled`` is the proof that a model reads: it gets
another row's page with each question, and every score must fall to chance.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from fcotvl_hf.dataset_builders.fonts import UNSEEN_FONTS
from fcotvl_hf.dataset_builders.ocr_mix import recognition
from fcotvl_hf.dataset_builders.ocr_mix.mix import FRESH, TASKS, sample_at
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.dataset_builders.texts import Lexicon
from fcotvl_hf.eval_harness.backend import Backend
from fcotvl_hf.eval_harness.comparison import paired_difference, retention, retention_interval, shuffled_images
from fcotvl_hf.eval_harness.processors import Processors
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration

_PLAIN_WORDS = Domain(
    fonts=("DejaVuSans", "DejaVuSerif", "DejaVuSansMono"),
    lexicon=Lexicon(random_share=0, number_share=0, punctuation_share=0),
    text_height=(18, 24),
    plain=1.0,
)
_UNSEEN_FONTS = Domain(fonts=UNSEEN_FONTS)
_UNSEEN_STRINGS = Domain(lexicon=Lexicon(held_out=True))

Rows = list[dict[str, Any]]
Scores = dict[str, TaskResult]
"""Task → result."""
PerLayer: TypeAlias = Callable[[int], Sequence[int]]
"""From a row's placeholders to the visual tokens that each layer sees."""


def fresh_rows(per_task: int, seed: int, domain: Domain) -> Rows:
    """``per_task`` rows of each task that no training saw, the tasks in turn."""
    return [sample_at(index, None, FRESH + seed * 100_000, domain).row() for index in range(per_task * len(TASKS))]


def build_exam(per_task: int, seed: int = 0) -> dict[str, Rows]:
    """Draw the questions.

    Args:
        per_task: rows of each task in each set.
        seed: another seed, other pages.

    Returns:
        Name of a set → its rows.
    """
    fresh = fresh_rows(per_task, seed, Domain())
    draw = partial(recognition.sample, domain=_PLAIN_WORDS, max_tiles=1)
    words = [draw(FRESH + seed * 100_000 + index).row() for index in range(per_task)]
    return {
        "fresh": fresh,
        "plain words": words,
        "unseen fonts": fresh_rows(per_task, seed, _UNSEEN_FONTS),
        "unseen strings": fresh_rows(per_task, seed, _UNSEEN_STRINGS),
        "shuffled": shuffled_images(fresh, seed),
    }


def ask_all(
    model: FCoTVLForConditionalGeneration | Backend, processors: Processors, rows: Rows, out: Path | None = None
) -> Scores:
    """Ask a model all rows, task by task.

    Args:
        model: see ``evaluate``.
        processors: see ``evaluate``.
        rows: of any of the tasks.
        out: keeps the answers; those that it holds are not asked again.
    """
    results = {}
    for name in TASKS:
        if chosen := [row for row in rows if row["task"] == name]:
            task = get_task(f"tiny-{name}")
            results[task.name] = evaluate(model, processors, chosen, task, batch_size=64, out=out)
    return results


def figures(results: Scores, teacher: Scores, per_layer: PerLayer | None = None) -> dict[str, Any]:
    """The figures of one model on one set.

    Args:
        results: the model's.
        teacher: the teacher's on the same rows.
        per_layer: where layers of the language model see different numbers of visual tokens.

    Returns:
        Score and metrics per task, visual tokens per image as papers count them, which is what the last layer sees, and
        as a mean over layers, the paired difference to the teacher, and retention over the tasks on which the teacher
        scores at all, with its interval.
    """
    scores, reference = _of_rows(results), _of_rows(teacher)
    able = [task for task, result in teacher.items() if result.score > 0]
    kept = {task: scores[task] for task in able}, {task: reference[task] for task in able}
    bounds = retention_interval(*kept)
    images = sum(result.images for result in results.values())
    placeholders = [record["tokens"] for result in results.values() for record in result.samples]
    seen = [per_layer(tokens) if per_layer else (tokens,) for tokens in placeholders]  # [rows][layers]
    return {
        "n": sum(len(result.samples) for result in results.values()),
        "tasks": {task: {"score": result.score, **result.metrics} for task, result in results.items()},
        "score": sum(result.score for result in results.values()) / len(results),
        "tokens_per_image": sum(layers[-1] for layers in seen) / images,
        "tokens_over_layers": sum(fmean(layers) for layers in seen) / images,
        "retention": retention(*kept),
        "retention_interval": [bounds.low, bounds.high],
        "difference": paired(results, teacher),
    }


def paired(results: Scores, others: Scores) -> list[float]:
    """The 95 % interval of how much higher one model scores than another on the same rows.

    Args:
        results: the one's.
        others: the other's.
    """
    difference = paired_difference(_of_rows(results), _of_rows(others))
    return [difference.low, difference.high]


def paired_by_task(results: Scores, others: Scores) -> dict[str, list[float]]:
    """The same for each task alone; arguments as above."""
    return {task: paired({task: results[task]}, {task: others[task]}) for task in results}


def _of_rows(results: Scores) -> dict[str, Any]:
    """Task → the scores of its rows."""
    return {task: result.scores for task, result in results.items()}
