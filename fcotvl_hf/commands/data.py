"""``fcotvl data``: build the data sets that train and test, and upload them."""

import argparse
from pathlib import Path

from fcotvl_hf.command import UsageError, names_in, positive

from .adding import Commands, add_command
from .curating import add_cot, add_label, add_mix
from .writing import add_drawing, add_writing, writing


def add_data(commands: Commands) -> None:
    """Add ``data`` with a command for each mix."""
    parser = commands.add_parser("data", help="build a data set: Parquet shards with a card, ready for the Hub")
    mixes = parser.add_subparsers(dest="mix", metavar="MIX", required=True)
    _add_ocr(mixes)
    _add_hub(mixes)
    add_cot(mixes)
    add_mix(mixes)
    add_label(mixes)


def _add_ocr(mixes: Commands) -> None:
    examples = """\
fcotvl data ocr --out ocr-mix --size 2000                      pages of eight kinds, in English and Chinese
fcotvl data ocr --out pages --size 96 --preview                look at them first
fcotvl data ocr --out tiny-test --size 400 --preset tiny-test  rows for eval --data-root of the tiny-* tasks
fcotvl data ocr --out eye-test --size 176 --preset legibility"""
    summary = "draw pages with exact labels: the mix that re-aligns"
    parser = add_command(mixes, "ocr", summary, _ocr, examples)
    add_writing(parser)
    add_drawing(parser)
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
    build_ocr_mix(args.out, args.size, args.seed, args.preset, writing(args), args.cluster)


def _add_hub(mixes: Commands) -> None:
    examples = """\
fcotvl data hub --out lines --sets iam-line --size 1000
fcotvl data hub --out public --sets latex-ocr,pubtabnet --size 5000 --push me/papers"""
    summary = "copy rows of public sets into our columns, with their licences"
    parser = add_command(mixes, "hub", summary, _hub, examples)
    add_writing(parser)
    parser.set_defaults(num_proc=1)  # a stream is read in order
    parser.add_argument(
        "--sets", required=True, metavar="A,B", help="names with commas between; an unknown one is answered with a list"
    )
    parser.add_argument("--size", type=positive, required=True, metavar="N", help="rows to read of each set")
    parser.add_argument("--revision", help="branch, tag or commit (default: the newest commit, noted in the card)")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder with copies of the sets' repositories")


def _hub(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.hub_sets.build import build_hub_sets
    from fcotvl_hf.dataset_builders.hub_sets.catalogue import SETS, find_set

    names = names_in(args.sets)
    if not names:
        raise UsageError(f"name sets with --sets; there are {', '.join(SETS)}")
    try:
        for name in names:
            find_set(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    build_hub_sets(args.out, names, args.size, writing(args), revision=args.revision, data_root=args.data_root)
