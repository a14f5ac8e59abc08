"""Many machines, one data set: its shards shared out among the tasks of datatrove's executors (local, Slurm, Ray).

Needs the extra ``cluster``. https://github.com/huggingface/datatrove
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from datatrove.executor import LocalPipelineExecutor, RayPipelineExecutor, SlurmPipelineExecutor
from datatrove.executor.base import PipelineExecutor
from datatrove.pipeline.base import PipelineStep

from .card import About
from .parts import Part
from .publish import claim
from .shards import read_facts, write_shard

_EXECUTORS = {"local": LocalPipelineExecutor, "slurm": SlurmPipelineExecutor, "ray": RayPipelineExecutor}


class ShardWriter(PipelineStep):
    """Writes every ``world_size``-th shard of a data set, but those that are there.

    Args:
        out: the data set's folder, on a disk that all machines see.
        parts: its splits.
        about: what the card will say.
    """

    name = "Draw pages"
    type = "Data set"

    def __init__(self, out: Path, parts: Sequence[Part], about: About) -> None:
        super().__init__()
        self.out, self.parts, self.about = out, list(parts), about

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Any:
        """Write this task's shards.

        Args:
            data: what a step before this one gave; passed on.
            rank: number of the task.
            world_size: number of tasks.
        """
        claim(self.out, self.parts, self.about)
        shards = [shard for part in self.parts for shard in part.shards()]
        for shard in shards[rank::world_size]:
            if read_facts(self.out / shard.path) is None:
                with self.track_time():
                    facts = write_shard(self.out, shard)
                self.stat_update("rows", value=facts.rows)
        return data


def make_executor(config: str, out: Path, parts: Sequence[Part], about: About) -> PipelineExecutor:
    """The executor that a configuration describes, ready to ``run()``.

    Args:
        config: a YAML file with ``executor`` and the arguments of datatrove's class; or ``"local"``, ``"slurm"``,
            ``"ray"``, whose files lie in ``templates/cluster``.
        out: folder of the data set.
        parts: its splits.
        about: what the card will say.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it names no executor, or arguments that the executor does not have.
    """
    packaged = resources.files(__package__) / "templates" / "cluster" / f"{config}.yaml"
    file = packaged if config in _EXECUTORS else Path(config)
    if not file.is_file():
        raise FileNotFoundError(f"no file {config}; give a YAML file, or one of {', '.join(_EXECUTORS)}")
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(settings, dict) or settings.get("executor") not in _EXECUTORS:
        raise ValueError(f"{config} must say which executor, one of {', '.join(_EXECUTORS)}")
    kind = _EXECUTORS[settings.pop("executor")]
    try:
        return kind(pipeline=[ShardWriter(out.absolute(), parts, about)], **settings)
    except TypeError as error:
        raise ValueError(f"{config}: {error}") from None
