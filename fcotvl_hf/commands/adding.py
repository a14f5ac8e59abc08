"""How a subcommand is added to the command's parser."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from fcotvl_hf.command import Parser

Run = Callable[[argparse.Namespace, list[str]], None]
"""Called with the parsed arguments and those that no parser knew."""

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_command(commands: Commands, name: str, summary: str, run: Run, examples: str) -> argparse.ArgumentParser:
    """Add a command whose arguments are parsed here."""
    epilog = "examples:\n" + "\n".join(f"  {line}" for line in examples.splitlines())
    formatter = argparse.RawDescriptionHelpFormatter
    description = summary[0].upper() + summary[1:] + "."
    parser = commands.add_parser(name, help=summary, description=description, epilog=epilog, formatter_class=formatter)
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )
    parser.set_defaults(run=run, passes_on=False)
    return parser


def add_script(commands: Commands, name: str, summary: str, run: Run) -> None:
    """Add a command that hands all of its arguments, ``--help`` too, to a training script's own parser."""
    parser = commands.add_parser(name, help=summary, add_help=False)
    parser.set_defaults(run=run, passes_on=True)
