"""Which tasks ``--tasks`` means, and at which commits of their data sets."""

from collections.abc import Sequence
from dataclasses import replace

from fcotvl_hf.command import UsageError, names_in
from fcotvl_hf.eval_harness.tasks import TASKS, Task, get_task


def chosen_tasks(names: str | None, revisions: Sequence[str] = ()) -> list[Task]:
    """The tasks of a list with commas.

    Args:
        names: of tasks.
        revisions: ``TASK=REVISION`` for those whose rows are to come from another revision than the task says.

    Raises:
        UsageError: there is no task, one is unknown, or a revision is of none of them.
    """
    chosen = names_in(names or "")
    if not chosen:
        raise UsageError(f"name tasks with --tasks; there are {', '.join(TASKS)}")
    try:
        tasks = {name: get_task(name) for name in chosen}
    except ValueError as error:
        raise UsageError(str(error)) from None
    for revision in revisions:
        name, equals, commit = revision.partition("=")
        if not (equals and commit) or name not in tasks or tasks[name].source.dataset is None:
            raise UsageError(f"--revision {revision} is not TASK=REVISION with a task of --tasks that is on the Hub")
        tasks[name] = replace(tasks[name], source=replace(tasks[name].source, revision=commit))
    return list(tasks.values())
