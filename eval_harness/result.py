"""What one model reached on one task."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .samples import Record
from .tasks.task import Task


@dataclass(frozen=True)
class TaskResult:
    """Records of all rows and the figures that follow from them.

    Args:
        task: the task.
        samples: one record per row, in the order of the rows.
        settings: prompt, tiles, longest answer (JSON values).
        images: number of images in all rows together.
        seconds: time taken, without predictions that were there already.
    """

    task: Task
    samples: list[Record]
    settings: dict[str, Any]
    images: int
    seconds: float

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """Score of each sample, ``[rows]``: what ``comparison`` takes."""
        return np.array([record["score"] for record in self.samples])

    @property
    def score(self) -> float:
        """Mean score, 0 to 1."""
        return float(self.scores.mean())

    @property
    def stderr(self) -> float:
        """Standard error of the mean score; 0 for a single sample."""
        n = len(self.samples)
        return float(self.scores.std(ddof=1) / math.sqrt(n)) if n > 1 else 0.0

    @property
    def tokens_per_image(self) -> float:
        """Mean number of visual tokens that an image costs the language model; 0 if there are no images."""
        return sum(record["tokens"] for record in self.samples) / max(1, self.images)

    @property
    def metrics(self) -> dict[str, float]:
        """The task's further figures by name."""
        predictions = [record["prediction"] for record in self.samples]
        return self.task.metrics(predictions, [record["references"][0] for record in self.samples])
