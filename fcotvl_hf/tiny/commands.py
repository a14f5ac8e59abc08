"""The commands that made a model: noted in the folder of each run, packaged with the weights, shown on the card."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.io.atomic import atomic_write

FILE = "commands.txt"
"""One command per line, in the order of their first call."""


def note_command(folder: Path, command: Sequence[str]) -> None:
    """Add a command to a folder's, unless it is one of them: calling it again only goes on.

    Args:
        folder: of a run; made if need be.
        command: program and arguments.
    """
    write_commands(folder, [*read_commands(folder), shlex.join(command)])


def write_commands(folder: Path, commands: Sequence[str]) -> None:
    """Write the commands of a folder, each once; none leave no file."""
    if commands:
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / FILE, "".join(f"{command}\n" for command in dict.fromkeys(commands)))


def read_commands(folder: Path) -> list[str]:
    """Read the commands of a folder; none where nothing was noted."""
    path = folder / FILE
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
