"""How fast a run is: tokens, samples and visual tokens per second of wall-clock time, over all processes."""

import time
from typing import Any

import torch
from accelerate import Accelerator

from .skipping import ROWS


class Throughput:
    """Count what has been trained on between two log lines; loading, saving and evaluation take time as well.

    Args:
        image_token_id: id of the placeholder of a visual token.
    """

    def __init__(self, image_token_id: int) -> None:
        self.image_token_id = image_token_id
        self._start = time.perf_counter()
        self._counts = torch.zeros(3)

    def add(self, batch: dict[str, Any]) -> None:
        """Count a batch: tokens without padding, rows that were not skipped, visual tokens."""
        ids, rows = batch["input_ids"], batch[ROWS]
        tokens = batch["attention_mask"].sum() if "attention_mask" in batch else ids.numel()
        self._counts += torch.tensor(
            [tokens, len(rows.ids) - len(rows.skipped), (ids == self.image_token_id).sum()], dtype=torch.float
        )

    def rates(self, accelerator: Accelerator) -> dict[str, float]:
        """Figures for the log, per second since the last call; every process must call it."""
        now = time.perf_counter()
        totals = accelerator.reduce(self._counts.to(accelerator.device), "sum").tolist()
        seconds = now - self._start
        self._start, self._counts = now, torch.zeros(3)
        names = ("tokens_per_second", "samples_per_second", "visual_tokens_per_second")
        return {name: round(total / seconds, 3) for name, total in zip(names, totals, strict=True)}
