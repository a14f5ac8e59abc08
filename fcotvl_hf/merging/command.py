"""``fcotvl merge``: check what was asked for, find the weights, write the merge, verify it."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fcotvl_hf.command import UsageError
from fcotvl_hf.hub.names import check_output

from .greedy import greedy_soup
from .options import DEFAULT_SCALE, DENSITY, SCORED
from .pool import Pool, Recipe
from .report import Findings, names_of, write_merge
from .scoring import ScoreBook, Scorer, mean_score, subset_recipe, task_means
from .shapley import Subset, shapley_weights
from .verify import verify
from .weights import average, last, scaled

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MergeOptions:
    """What was asked for; ``None`` is the method's default.

    Args:
        method: one of ``options.METHODS``.
        scale: λ of task arithmetic, DARE and TIES; t of slerp.
        normalize: divide the weights by their sum.
        weights: one for each checkpoint, instead of the method's.
        density: share of each difference that TIES and DARE keep.
        seed: of DARE's masks and of Shapley permutations.
    """

    method: str
    scale: float | None = None
    normalize: bool = False
    weights: Sequence[float] | None = None
    density: float | None = None
    seed: int = 0


def merge(
    base: str,
    checkpoints: Sequence[str],
    out: Path,
    options: MergeOptions,
    *,
    score_with: str | None = None,
    score_command: str | None = None,
    cache: Path | None = None,
    check: bool = False,
    overwrite: bool = False,
) -> None:
    """Merge checkpoints as the command does.

    Args:
        base: packaged name, folder or Hub id of θ_base.
        checkpoints: of θ_1 … θ_n, in the order of training.
        out: the folder to write.
        options: how.
        score_with: ``TASKS[:LIMIT]`` to score merges on.
        score_command: a command that scores the folder ``{model}`` instead.
        cache: folder of scores that are known.
        check: load the result in a process of its own and run it.
        overwrite: replace ``out`` if it exists.

    Raises:
        UsageError: arguments do not go together.
        FileNotFoundError: there is no such checkpoint.
        FileExistsError: ``out`` exists.
        ValueError: checkpoints do not belong together, or a score cannot be had.
        OSError: the disk is full; nothing is left of ``out``.
    """
    check_options(options, len(checkpoints), bool(score_with or score_command))
    scorer = _scorer(score_with, score_command)
    if out.exists() and not overwrite and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} exists already; choose another name, or add --overwrite")
    if options.weights is None:  # which belong to the order that was given
        checkpoints = in_training_order(checkpoints)
    pool = Pool(base, checkpoints)
    for source in (pool.base, *pool.checkpoints):
        check_output(out, str(source.folder))
    names = names_of(checkpoints)
    book = ScoreBook(pool, scorer, cache) if scorer else None
    recipe, findings = find_recipe(options, len(checkpoints), book)
    if book:
        findings = replace(findings, scores=_scores(book, recipe, len(checkpoints)))
    write_merge(
        pool,
        recipe,
        out,
        method=options.method,
        base=base,
        checkpoints=checkpoints,
        findings=findings,
        overwrite=overwrite,
    )
    for i, (name, weight) in enumerate(zip(names, recipe.weights, strict=True)):
        logger.info("%s: weight %.4f%s", name, weight, f", φ {findings.phi[i]:+.4f}" if findings.phi else "")
    if check:
        verify(out)
        logger.info("%s loads and computes", out)


def in_training_order(checkpoints: Sequence[str]) -> list[str]:
    """Put folders named ``checkpoint-N`` in the order of N; a shell's ``checkpoint-*`` has 1000 before 200."""
    steps = [re.fullmatch(r"checkpoint-(\d+)", Path(checkpoint).name) for checkpoint in checkpoints]
    numbers = [int(step.group(1)) for step in steps if step]
    if len(numbers) < len(checkpoints):
        return list(checkpoints)
    return [checkpoint for _, checkpoint in sorted(zip(numbers, checkpoints, strict=True))]


def check_options(options: MergeOptions, n: int, scored: bool) -> None:
    """Refuse what does not go together, before any work.

    Args:
        options: what was asked for.
        n: number of checkpoints.
        scored: whether there is a way to score merges.

    Raises:
        UsageError: something does not go together.
    """
    method, weights = options.method, options.weights
    if weights is not None and len(weights) != n:
        raise UsageError(f"{len(weights)} weights for {n} checkpoints; give one for each")
    if weights is not None and method in ("last", "model-stock"):
        raise UsageError(f"--method {method} takes no --weights; use average or task-arithmetic with them")
    if method in SCORED and weights is None and not scored:
        raise UsageError(f"--method {method} needs scores: add --score-with TASKS or --score-command 'cmd {{model}}'")
    if method == "slerp" and n != 2:
        raise UsageError(f"--method slerp takes two checkpoints, not {n}")
    if method == "slerp" and weights is not None and (options.scale is not None or abs(sum(weights) - 1) > 1e-6):
        raise UsageError("slerp takes --scale T, or two --weights that add up to 1 (1 − T and T)")
    if method == "model-stock" and n < 2:
        raise UsageError("--method model-stock needs two checkpoints or more")
    if options.scale is not None and method not in DEFAULT_SCALE:
        raise UsageError(f"--scale is for {', '.join(DEFAULT_SCALE)}, not for {method}")
    if options.density is not None and method not in DENSITY:
        raise UsageError(f"--density is for {', '.join(DENSITY)}, not for {method}")
    if options.normalize and method not in ("task-arithmetic", "dare"):
        raise UsageError(f"--normalize is for task-arithmetic and dare, not for {method}")


def find_recipe(options: MergeOptions, n: int, book: ScoreBook | None) -> tuple[Recipe, Findings]:
    """The merge that the options mean.

    Args:
        options: checked by ``check_options``.
        n: number of checkpoints.
        book: scores of merges, for the methods that need them.
    """
    method = options.method
    given = list(options.weights) if options.weights is not None else None
    if given is None and method in SCORED:
        assert book is not None, "check_options"
        return (_shapley if method == "shapley" else _greedy)(book, n, options.seed)
    if method == "last":
        return Recipe(tuple(last(n))), Findings()
    if method in ("average", *SCORED):
        return Recipe(tuple(given or average(n))), Findings()
    if method == "model-stock":
        return Recipe(tuple(average(n)), method), Findings()
    if method == "slerp":
        t = given[1] if given else DEFAULT_SCALE[method] if options.scale is None else options.scale
        return Recipe((1 - t, t), method), Findings()
    scale = options.scale if options.scale is not None else 1.0 if given else DEFAULT_SCALE[method]
    ones = given or [1.0] * n
    if method == "ties":
        return Recipe(tuple(ones), method, {"density": options.density or DENSITY[method], "scale": scale}), Findings()
    try:
        weights = tuple(scaled(ones, scale, options.normalize))
    except ValueError as error:
        raise UsageError(str(error)) from None
    if method == "dare":
        settings = {"density": options.density or DENSITY[method], "seed": options.seed}
        return Recipe(weights, method, settings), Findings()
    return Recipe(weights), Findings()


def _shapley(book: ScoreBook, n: int, seed: int) -> tuple[Recipe, Findings]:
    found = shapley_weights(partial(_value, book), n, seed=seed)
    tasks = book.subset(range(n))
    findings = Findings(
        phi=found.phi,
        stderr=found.stderr,
        phi_per_task={task: found.phi_of(partial(_task_value, book, task)) for task in tasks},
        values=found.values,
        fallback=found.fallback,
    )
    return Recipe(tuple(found.weights)), findings


def _greedy(book: ScoreBook, n: int, seed: int) -> tuple[Recipe, Findings]:
    weights, values = greedy_soup(partial(_value, book), n)
    return Recipe(tuple(weights)), Findings(values=values)


def _value(book: ScoreBook, subset: Subset) -> float:
    return mean_score(book.subset(subset))


def _task_value(book: ScoreBook, task: str, subset: Subset) -> float:
    return task_means(book.subset(subset))[task]


def _scores(book: ScoreBook, recipe: Recipe, n: int) -> list[dict[str, float]]:
    """Scores of the base, each checkpoint and the merge."""
    recipes = [subset_recipe((), n), *(subset_recipe({i}, n) for i in range(n)), recipe]
    return [task_means(book.scores(each)) for each in recipes]


def _scorer(score_with: str | None, score_command: str | None) -> Scorer | None:
    if score_with is None and score_command is None:
        return None
    from .scorers import CommandScorer, TaskScorer, parse_tasks  # transformers takes seconds to import

    return TaskScorer(parse_tasks(score_with)) if score_with is not None else CommandScorer(str(score_command))
