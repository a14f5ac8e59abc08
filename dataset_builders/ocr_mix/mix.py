"""The mix: any number of samples over the tasks, each a pure function of its seed."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..rendering import Domain
from ..rows import Sample
from . import chart, lookup, recognition, table

Sampler = Callable[[int, Domain], Sample]

TASKS: dict[str, Sampler] = {
    "recognition": recognition.sample,
    "table": table.sample,
    "chart": chart.sample,
    "lookup": lookup.sample,
}
"""Task name → pure function from (seed, domain) to a sample."""

FRESH = 500_000_000
"""Evaluation uses seeds from here on: no training page comes near them."""


def samples(
    tasks: Sequence[str] | None = None, size: int = 1000, seed: int = 0, domain: Domain = Domain()
) -> Iterator[Sample]:
    """Draw ``size`` samples, the tasks in turn.

    Args:
        tasks: names in ``TASKS``; all of them if ``None``.
        size: how many samples in all.
        seed: samples ``seed`` … ``seed + size - 1`` of each task's endless sequence are used.
        domain: fonts, words and text heights to use.

    Raises:
        ValueError: a task is unknown.
    """
    for index in range(size):
        yield sample_at(index, tasks, seed, domain)


def sample_at(
    index: int,
    tasks: Sequence[str] | None,
    seed: int,
    domain: Domain = Domain(),
    samplers: Mapping[str, Sampler] = TASKS,
) -> Sample:
    """The sample that ``samples`` would give as number ``index``, without drawing those before it.

    Args:
        index: from 0.
        tasks: names in ``samplers``; all of them if ``None``.
        seed: see ``samples``.
        domain: see ``samples``.
        samplers: what can be drawn.

    Raises:
        ValueError: a task is unknown.
    """
    names = tuple(tasks or samplers)
    unknown = [name for name in names if name not in samplers]
    if unknown:
        raise ValueError(f"unknown task {unknown[0]!r}; choose from {', '.join(samplers)}")
    return samplers[names[index % len(names)]](seed + index, domain)


def fresh_sample(task: str, number: int, seed: int = 0) -> Sample:
    """Sample ``number`` of those by which one task is evaluated; no training saw it.

    Args:
        task: a name in ``TASKS``.
        number: from 0.
        seed: another seed, other samples.
    """
    return sample_at(list(TASKS).index(task) + len(TASKS) * number, None, FRESH + seed)
