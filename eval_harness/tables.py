"""Tables that are as wide as their figures, so that none is cut where nobody watches the width."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_WIDEST = 300


def print_whole(table: Table, stderr: bool = False) -> None:
    """Print a table on stdout, or on stderr, without cutting a cell."""
    wide = Console(width=_WIDEST)
    Console(width=Measurement.get(wide, wide.options, table).maximum, stderr=stderr).print(table)
