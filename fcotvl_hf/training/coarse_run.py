"""The coarse run of post-training sampling: a short training on a part of the rows, whose losses give probabilities."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.io.atomic import atomic_write

from .loss_sampling import HIGHEST, LOWEST, sampling_probabilities
from .sampling_trainer import SamplingTrainer
from .source_sampler import SourceSampler

logger = logging.getLogger(__name__)

LEAST = 32
"""Rows of each data set at least, so that a small one has a loss as well."""


def coarse_subset(sources: Sequence[str], share: float, seed: int) -> list[int]:
    """Indices of the rows of a coarse run: the same share of every data set, in random order.

    Args:
        sources: the data set of each row.
        share: of the rows of a data set.
        seed: of the choice.
    """
    wanted = {source: max(LEAST, round(share * rows)) for source, rows in SourceSampler(sources, seed).rows.items()}
    chosen = []
    for index in SourceSampler(sources, seed):
        if wanted[sources[index]]:
            wanted[sources[index]] -= 1
            chosen.append(index)
    return chosen


def write_probabilities(trainer: SamplingTrainer, rows: dict[str, int], file: Path) -> None:
    """Train, and write the probabilities that follow from the losses of that training.

    Args:
        trainer: of a coarse run, with nothing that it should save.
        rows: data set → number of rows of the formal run.
        file: gets ``losses``, ``rows``, ``probabilities``, ``generation`` and ``bounds``.
    """
    trainer.train()
    losses = trainer.mean_losses()
    generation = trainer.args.generation_sources
    probabilities = sampling_probabilities(losses, rows, generation)
    content = {"losses": losses, "rows": rows, "probabilities": probabilities, "generation": generation}
    if trainer.is_world_process_zero():
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, json.dumps(content | {"bounds": [LOWEST, HIGHEST]}, indent=2) + "\n")
        logger.info("probabilities of the data sets are in %s", file)
    trainer.accelerator.wait_for_everyone()
