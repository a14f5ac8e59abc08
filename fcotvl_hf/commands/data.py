"""``fcotvl data``: build the data sets that train and test, and upload them."""

import argparse

from fcotvl_hf.command import UsageError

from .adding import Commands, add_command
from .curating import add_cot, add_label, add_mix
from .writing import add_drawing, add_writing, writing


def add_data(commands: Commands) -> None:
    """Add ``data`` with a command for each mix."""
    parser = commands.add_parser("data", help="build a data set: Parquet shards with a card, ready for the Hub")
    mixes = parser.add_subparsers(dest="mix", metavar="MIX", required=True)
    _add_ocr(mixes)
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


def _ocr(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.ocr_mix.build import build_ocr_mix, find_preset

    try:
        find_preset(args.preset)
    except ValueError as error:
        raise UsageError(str(error)) from None
    build_ocr_mix(args.out, args.size, args.seed, args.preset, **writing(args))
