"""``fcotvl data``: build the data sets that train and test, and upload them."""

import argparse
import os
from pathlib import Path

from fcotvl_hf.command import UsageError, positive

from .adding import Commands, add_command


def add_data(commands: Commands) -> None:
    """Add ``data`` with a command for each mix."""
    parser = commands.add_parser("data", help="build a data set: Parquet shards with a card, ready for the Hub")
    mixes = parser.add_subparsers(dest="mix", metavar="MIX", required=True)
    _add_ocr(mixes)
    _add_hub(mixes)


def add_writing(parser: argparse.ArgumentParser) -> None:
    """Add the options that every mix has: where to, how many rows, how fast."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write, or to finish")
    parser.add_argument("--size", type=positive, required=True, metavar="N", help="rows in all configurations together")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other rows (default: %(default)s)")
    cores = os.cpu_count() or 1
    parser.add_argument(
        "--num-proc",
        type=positive,
        default=cores,
        metavar="P",
        help="processes that draw (default: %(default)s)",
    )
    add_publishing(parser)


def add_publishing(parser: argparse.ArgumentParser) -> None:
    """Add the options of what comes after the rows."""
    parser.add_argument("--preview", action="store_true", help="also a contact sheet of each configuration")
    parser.add_argument("--push", metavar="REPO", help="upload to this data set on the Hub when all is written")
    parser.add_argument("--private", action="store_true", help="make the repository private if --push makes it")


def _add_ocr(mixes: Commands) -> None:
    examples = """\
fcotvl data ocr --out ocr-mix --size 2000                      pages of eight kinds, in English and Chinese
fcotvl data ocr --out pages --size 96 --preview                look at them first
fcotvl data ocr --out tiny-test --size 400 --preset tiny-test  rows for eval --data-root of the tiny-* tasks
fcotvl data ocr --out eye-test --size 176 --preset legibility"""
    summary = "draw pages with exact labels: the mix that re-aligns"
    parser = add_command(mixes, "ocr", summary, _ocr, examples)
    add_writing(parser)
    parser.add_argument(
        "--preset",
        default="ocr-mix",
        help="which rows; an unknown one is answered with a list (default: %(default)s)",
    )
    parser.add_argument(
        "--cluster", metavar="FILE", help="draw by datatrove: local, slurm, ray, or a YAML file like theirs"
    )


def _ocr(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.ocr_mix.build import build_ocr_mix, find_preset

    try:
        find_preset(args.preset)
    except ValueError as error:
        raise UsageError(str(error)) from None
    build_ocr_mix(
        args.out,
        args.size,
        args.seed,
        args.preset,
        num_proc=args.num_proc,
        preview=args.preview,
        cluster=args.cluster,
        push=args.push,
        private=args.private,
    )


def _add_hub(mixes: Commands) -> None:
    examples = """\
fcotvl data hub --out lines --sets iam-line --size 1000
fcotvl data hub --out public --sets latex-ocr,hme100k --size 5000 --push me/formulas"""
    summary = "copy rows of public sets into our columns, with their licences"
    parser = add_command(mixes, "hub", summary, _hub, examples)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write, or to finish")
    parser.add_argument(
        "--sets",
        required=True,
        metavar="A,B",
        help="names with commas between; an unknown one is answered with a list",
    )
    parser.add_argument("--size", type=positive, required=True, metavar="N", help="rows to read of each set")
    parser.add_argument("--revision", help="branch, tag or commit (default: the newest commit, noted in the card)")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder with copies of the sets' repositories")
    add_publishing(parser)


def _hub(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.hub_sets.build import build_hub_sets
    from fcotvl_hf.dataset_builders.hub_sets.catalogue import find_set

    names = args.sets.split(",")
    try:
        for name in names:
            find_set(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    build_hub_sets(
        args.out,
        names,
        args.size,
        revision=args.revision,
        data_root=args.data_root,
        preview=args.preview,
        push=args.push,
        private=args.private,
    )
