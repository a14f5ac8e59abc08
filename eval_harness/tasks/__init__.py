"""The tasks there are, by name. A new task is one file and one entry here."""

from difflib import get_close_matches

from . import tiny_chart, tiny_lookup, tiny_recognition, tiny_table
from .task import Task

TASKS: dict[str, Task] = {
    module.TASK.name: module.TASK for module in (tiny_recognition, tiny_table, tiny_chart, tiny_lookup)
}


def get_task(name: str) -> Task:
    """Find a task.

    Raises:
        ValueError: there is none of that name; the message names the nearest ones.
    """
    if name not in TASKS:
        near = get_close_matches(name, TASKS) or list(TASKS)
        raise ValueError(f"there is no task {name!r}; try {', '.join(near)}")
    return TASKS[name]


__all__ = ["TASKS", "Task", "get_task"]
