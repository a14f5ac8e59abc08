"""Scores of merges, each computed once: what was scored is on disk, under a hash of what it was made from."""

import json
import logging
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Protocol

from huggingface_hub import cached_assets_path

from fcotvl_hf.io.atomic import atomic_write

from .compatibility import SETTINGS
from .pool import Pool, Recipe

logger = logging.getLogger(__name__)

Scores = dict[str, list[float]]
"""Task → score of each of its samples; a task's score is their mean, a model's the mean over tasks."""


class Scorer(Protocol):
    """A way to score a merge."""

    def identity(self) -> str:
        """What the scores depend on beside the model; equal for equal questions."""

    def score(self, pool: Pool, recipe: Recipe) -> Scores:
        """Make the merge and score it."""


class ScoreBook:
    """The scores of a pool's merges, by one scorer.

    Args:
        pool: the checkpoints.
        scorer: asked for what is not in the folder.
        folder: one small file per merge; shared by all pools and scorers. By default in the Hub's cache
            (``HF_HOME/assets``).
    """

    def __init__(self, pool: Pool, scorer: Scorer, folder: Path | None = None) -> None:
        self._pool, self._scorer = pool, scorer
        self._folder = folder or cached_assets_path("fcotvl-hf", namespace="merging", subfolder="scores")
        self._folder.mkdir(parents=True, exist_ok=True)
        self.hashes = [source.sha256() for source in (*pool.checkpoints, pool.base)]  # the base is −1
        self._context = [scorer.identity(), _settings_hash(pool.model_folder)]

    def scores(self, recipe: Recipe) -> Scores:
        """Score a merge, or look it up.

        Args:
            recipe: of the merge.
        """
        path = self._folder / f"{self._key(recipe)}.json"
        if (known := _read(path)) is not None:
            return known
        scores = self._scorer.score(self._pool, recipe)
        atomic_write(path, json.dumps({"scores": scores}) + "\n")
        logger.info("%s: %s", describe(recipe), ", ".join(f"{t} {s:.4f}" for t, s in task_means(scores).items()))
        return scores

    def subset(self, members: Iterable[int]) -> Scores:
        """Scores of θ_base + the mean of the members' differences to it; of θ_base for no members."""
        return self.scores(subset_recipe(members, len(self._pool.checkpoints)))

    def _key(self, recipe: Recipe) -> str:
        if recipe.method == "linear":
            made_of: object = sorted([self.hashes[i], weight] for i, weight in recipe.terms().items())
        else:
            rows = [[self.hashes[i], weight] for i, weight in enumerate(recipe.weights)]
            made_of = [recipe.method, dict(recipe.settings), self.hashes[-1], rows]
        return sha256(json.dumps([self._context, made_of], sort_keys=True).encode()).hexdigest()


def subset_recipe(members: Iterable[int], n: int) -> Recipe:
    """The average of some of n checkpoints; the base where there are none."""
    chosen = set(members)
    return Recipe(tuple((i in chosen) / max(1, len(chosen)) for i in range(n)))


def task_means(scores: Mapping[str, list[float]]) -> dict[str, float]:
    """Task → its score."""
    return {task: fmean(samples) for task, samples in scores.items()}


def mean_score(scores: Mapping[str, list[float]]) -> float:
    """The mean over tasks, which weigh alike whatever their size."""
    return fmean(task_means(scores).values())


def describe(recipe: Recipe) -> str:
    """A merge in a few words."""
    if recipe.method != "linear":
        return recipe.method
    used = {i + 1: weight for i, weight in enumerate(recipe.weights) if weight}
    if used and set(used.values()) == {1 / len(used)}:
        return f"average of {', '.join(map(str, used))}" if len(used) > 1 else f"checkpoint {next(iter(used))}"
    return " + ".join(f"{weight:.3g} × {i}" for i, weight in used.items()) or "base"


def _settings_hash(folder: Path) -> str:
    digest = sha256()
    for name in SETTINGS:
        if (folder / name).is_file():
            digest.update(name.encode() + sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path) -> Scores | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["scores"])
    except (OSError, ValueError, KeyError, TypeError):  # not there, or spoilt: it is scored again
        return None
