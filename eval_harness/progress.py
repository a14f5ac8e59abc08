"""A progress bar on stderr: how many rows are answered, and when the rest will be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def shown_progress(name: str, total: int | None, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show a bar as long as the block runs.

    Args:
        name: what stands before the bar.
        total: number of rows; without it no time can be foreseen.
        shown: false shows nothing.

    Yields:
        A function that is told how many rows are done.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("in"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task(name, total=total)
        yield lambda count: bar.advance(task, count)
