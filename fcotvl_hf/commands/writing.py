"""Options that the commands that write data sets share."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fcotvl_hf.command import UsageError, positive

if TYPE_CHECKING:
    from fcotvl_hf.dataset_builders.publish import Writing


def add_writing(parser: argparse.ArgumentParser) -> None:
    """Add where a data set is written, how fast, and what is done with it then."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write, or to finish")
    cores = os.cpu_count() or 1
    parser.add_argument(
        "--num-proc",
        type=positive,
        default=cores,
        metavar="P",
        help="processes that draw (default: %(default)s)",
    )
    parser.add_argument("--preview", action="store_true", help="also a contact sheet of each configuration")
    parser.add_argument("--push", metavar="REPO", help="upload to this data set on the Hub when all is written")
    parser.add_argument("--private", action="store_true", help="make the repository private if --push makes it")


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """Add how much is drawn, and from which seed."""
    parser.add_argument("--size", type=positive, required=True, metavar="N", help="rows in all configurations together")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other rows (default: %(default)s)")


def add_tokenizer(parser: argparse.ArgumentParser) -> None:
    """Add whose tokens a quality report counts."""
    parser.add_argument(
        "--tokenizer",
        default="tiny",
        metavar="MODEL",
        help="model whose tokens the quality report counts (default: %(default)s)",
    )


def check_repository(repo_id: str) -> None:
    """Refuse a name that the Hub does not allow.

    Raises:
        UsageError: it allows no such name.
    """
    from fcotvl_hf.io.repo_upload import check_name

    try:
        check_name(repo_id)
    except ValueError as error:
        raise UsageError(str(error)) from None


def writing(args: argparse.Namespace) -> "Writing":
    """The options of ``add_writing``, but the folder; asks the Hub first who is to push."""
    from fcotvl_hf.dataset_builders.publish import Writing

    if args.push:
        from fcotvl_hf.io.repo_upload import check_token

        check_repository(args.push)
        check_token()
    return Writing(args.num_proc, args.preview, args.push, args.private)
