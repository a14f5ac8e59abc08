"""What all commands share: a parser and a way to run whose errors are one line. Light, for ``--help`` must be quick.

Exit status: 0, 1 for a failed run, 2 for bad arguments, 130 after Ctrl-C.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

logger = logging.getLogger(__name__)


class UsageError(ValueError):
    """An argument that can be seen to be wrong before any work is done: exit status 2, as from argparse."""


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with status 2 and one line."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def positive(text: str) -> int:
    """A whole number of at least 1, as an argument's type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def named_folder(text: str) -> tuple[str, str]:
    """``NAME=FOLDER``, as an argument's type."""
    name, given, folder = text.partition("=")
    if not (name and given and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER")
    return name, folder


def names_in(text: str) -> list[str]:
    """Names with commas between, without the white space around them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def check_file(path: Path) -> None:
    """See, before any work, that a file can be written where the user wants it.

    Raises:
        UsageError: it is a folder, or would lie in none.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give a file in it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} to write {path.name} to")


def run_command(name: str, command: Callable[[], object], debug: bool = False) -> int:
    """Run a command that owns its process: logs go to stderr, and so does one line if it fails.

    Args:
        name: what the line of an error begins with.
        command: the work; a ``SystemExit`` of its parser passes.
        debug: show the traceback of an error.

    Returns:
        The exit status.
    """
    _quieten_libraries()
    logging.basicConfig(format="%(message)s", level=logging.WARNING, force=True)
    logging.getLogger("fcotvl_hf").setLevel(logging.INFO)
    try:
        command()
    except KeyboardInterrupt:
        logger.error("%s: interrupted", name)
        return 130
    except Exception as error:
        message = " ".join(str(error).split())
        expected = isinstance(error, ValueError | OSError)
        logger.error("%s: error: %s", name, message if expected else f"{type(error).__name__}: {message}")
        if debug:
            logger.exception("traceback:")
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _quieten_libraries() -> None:
    """No progress bars on a stderr nobody watches, no multi-line reports of transformers beside our one-line errors."""
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")
    for library in ("TRANSFORMERS", "HF_HUB"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
