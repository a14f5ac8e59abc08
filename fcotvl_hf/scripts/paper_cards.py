"""Cards of the paper's models, InternVL2-2B and -8B at 50 and 75 %, for weights that are still to be made.

    python -m fcotvl_hf.scripts.paper_cards cards --owner me

A folder per model with its README.md: costs are counted, the paper's figures are marked as the paper's. Around real
weights ``fcotvl push model`` writes the same card.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.command import Parser, run_command

NOTE = "The weights of this model are still to be trained; this is its card without measurements."


def make_parser() -> Parser:
    """The options of the script."""
    parser = Parser(prog="paper_cards", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write")
    parser.add_argument("--owner", default="me", help="of the repositories (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Write the cards.

    Raises:
        FileExistsError: the folder exists.
    """
    args = make_parser().parse_args(argv)

    from fcotvl_hf.cost.shapes import SHAPES
    from fcotvl_hf.evaluation.paper import TABLE_1
    from fcotvl_hf.hub.cards import model_card
    from fcotvl_hf.hub.publication import Publication, complete_card
    from fcotvl_hf.hub.random_weights import shape_config
    from fcotvl_hf.io.atomic import atomic_folder

    with atomic_folder(args.out) as out:
        for name in TABLE_1:
            size = name.rpartition("-")[2]
            base = f"OpenGVLab/InternVL2-{size.upper()}"
            for stride in (2, 4):
                shape = SHAPES[name].at_stride(stride)
                folder = out / f"fcot-vl-{size}-{100 - 100 // stride}"
                folder.mkdir()
                config = shape_config(shape, image_token_id=0)
                model_card(config, base, name=folder.name, note=NOTE).save(folder / "README.md")
                complete_card(folder, shape, Publication(f"{args.owner}/{folder.name}", licence="mit"))


if __name__ == "__main__":
    sys.exit(run_command("paper_cards", main))
