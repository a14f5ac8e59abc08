"""What one model reached on one task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .rows import Target
from .samples import Record
from .strata import Floats, mean, standard_error, strata
from .tasks.task import Task


@dataclass(frozen=True)
class TaskResult:
    """Records of all rows and the figures that follow from them.

    Args:
        task: the task.
        samples: one record per row, in the order of the rows.
        targets: what each answer was scored against, in the same order.
        settings: prompt, tiles, longest answer and where the rows came from (JSON values).
        images: number of images in all rows together.
        seconds: time taken, without predictions that were there already.
    """

    task: Task
    samples: list[Record]
    targets: Sequence[Target]
    settings: dict[str, Any]
    images: int
    seconds: float

    @property
    def scores(self) -> Floats:
        """Score of each sample, ``[rows]``."""
        return np.array([record["score"] for record in self.samples])

    @property
    def strata(self) -> dict[str, Floats]:
        """Group → score of each unit: what ``comparison`` takes."""
        return strata(self.samples, self.task.join)

    @property
    def score(self) -> float:
        """The task's score, 0 to 1."""
        return mean(self.strata)

    @property
    def stderr(self) -> float:
        """Standard error of the score; 0 for a single sample."""
        return standard_error(self.strata)

    @property
    def tokens_per_image(self) -> float:
        """Mean number of visual tokens that an image costs the language model; 0 if there are no images."""
        return sum(record["tokens"] for record in self.samples) / max(1, self.images)

    @property
    def metrics(self) -> dict[str, float]:
        """The task's further figures by name."""
        return self.task.metrics([record["prediction"] for record in self.samples], self.targets)
