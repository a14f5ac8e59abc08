"""What a task declares: where its rows come from, how it asks, how long an answer may be, how answers are scored."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ..rows import Row, Target

Columns = Mapping[str, Any]
"""One row of a data set as it is published."""

SampleScore = Callable[[str, Target], float]
"""From a prediction and its target to a score between 0 and 1."""

Figures = Callable[[Sequence[str], Sequence[Target]], Mapping[str, float]]
"""From all predictions and targets to further figures by name."""


@dataclass(frozen=True)
class Source:
    """Where rows are published and what they look like there.

    Args:
        dataset: Hub id; ``None`` if the rows are on no Hub because this project draws them.
        split: the split with answers.
        columns: the columns that ``row`` reads.
        row: makes a row of the columns and of the number of the row in its split.
        config: the data set's configuration.
        revision: commit of the data set; a branch where no commit is known.
        keep: which rows of the split belong to the task; all of them if ``None``.
    """

    dataset: str | None
    split: str
    columns: tuple[str, ...]
    row: Callable[[Columns, int], dict[str, Any]]
    config: str | None = None
    revision: str = "main"
    keep: Callable[[Columns], bool] | None = None


def is_commit(revision: str) -> bool:
    """Whether a revision is a commit in full; a branch says nothing about what was read."""
    return re.fullmatch("[0-9a-f]{40}", revision) is not None


def own_target(row: Row) -> Target:
    """The target of a row made by ``rows.question_row``."""
    target: Target = row["target"]
    return target


def no_figures(predictions: Sequence[str], targets: Sequence[Target]) -> Mapping[str, float]:
    """Figures of a task that has none beside its score."""
    return {}


@dataclass(frozen=True)
class Task:
    """A named, versioned way to score answers.

    The score of a task is the mean of its samples' scores; if samples are in groups, the plain mean of the groups'
    means; and if several samples make a unit, such as the questions about one image, they are joined first.

    Args:
        name: what ``--tasks`` and results call it.
        version: raised whenever the same predictions would get another score.
        max_new_tokens: longest answer in tokens.
        sample_score: the score of one sample.
        source: where its rows come from.
        metric: name of the score.
        citation: where task and score are described.
        figures: further figures over all samples.
        prompt: what is asked; ``{question}`` stands for the row's own question.
        max_tiles: most tiles of an image beside its thumbnail; ``None`` leaves it to the model's processor.
        post_process: what is done to a prediction before it is scored.
        target: reads from a row what its answer is scored against.
        group: key of a target by which samples are grouped.
        unit: key of a target by which samples are joined.
        join: score of a unit from the scores of its samples.
    """

    name: str
    version: int
    max_new_tokens: int
    sample_score: SampleScore
    source: Source
    metric: str
    citation: str
    figures: Figures = no_figures
    prompt: str = "{question}"
    max_tiles: int | None = None
    post_process: Callable[[str], str] = str.strip
    target: Callable[[Row], Target] = own_target
    group: str | None = None
    unit: str | None = None
    join: Callable[[Sequence[float]], float] = fmean

    def score(self, prediction: str, target: Target) -> float:
        """Score a prediction as the model wrote it."""
        return self.sample_score(self.post_process(prediction), target)

    def metrics(self, predictions: Sequence[str], targets: Sequence[Target]) -> dict[str, float]:
        """All further figures, by name."""
        return dict(self.figures([self.post_process(prediction) for prediction in predictions], targets))


def best(score: Callable[[str, str], float]) -> SampleScore:
    """Score a prediction by the reference that it matches best.

    Args:
        score: from a prediction and one reference to a score.
    """
    return lambda prediction, target: max(score(prediction, reference) for reference in target["references"])


def means(**scores: SampleScore) -> Figures:
    """Figures that are means over samples.

    Args:
        **scores: name of a figure → score of one sample.
    """

    def figures(predictions: Sequence[str], targets: Sequence[Target]) -> Mapping[str, float]:
        return {name: fmean(map(score, predictions, targets)) for name, score in scores.items()}

    return figures
