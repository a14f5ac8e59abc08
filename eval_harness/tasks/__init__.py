"""The tasks there are, by name. A new task is one file and one entry here."""

from difflib import get_close_matches

from . import (
    ai2d,
    chartqa,
    docvqa,
    infovqa,
    legibility,
    mathvista,
    mme,
    ocrbench,
    ocrbench_v2,
    scienceqa,
    textvqa,
    tiny_chart,
    tiny_lookup,
    tiny_recognition,
    tiny_table,
)
from .task import Source, Task

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        docvqa.TASK,
        infovqa.TASK,
        chartqa.TASK,
        textvqa.TASK,
        ocrbench.TASK,
        ocrbench_v2.ENGLISH,
        ocrbench_v2.CHINESE,
        ai2d.TASK,
        mathvista.TASK,
        scienceqa.TASK,
        mme.TASK,
        tiny_recognition.TASK,
        tiny_table.TASK,
        tiny_chart.TASK,
        tiny_lookup.TASK,
        legibility.TASK,
    )
}


def get_task(name: str) -> Task:
    """Find a task.

    Raises:
        ValueError: there is none of that name; the message names the nearest ones.
    """
    if name not in TASKS:
        near = get_close_matches(name.lower(), TASKS) or list(TASKS)
        raise ValueError(f"there is no task {name!r}; try {', '.join(near)}")
    return TASKS[name]


__all__ = ["TASKS", "Source", "Task", "get_task"]
