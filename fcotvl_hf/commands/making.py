"""``fcotvl convert``, ``init`` and ``merge``: model folders from model folders."""

import argparse
from pathlib import Path

from fcotvl_hf.command import positive
from fcotvl_hf.cost.tokens import stride_of_compression
from fcotvl_hf.merging import options

from .adding import Commands, add_command

DTYPES = ("float32", "bfloat16", "float16")


def add_convert(commands: Commands) -> None:
    """Add ``convert``."""
    examples = """\
fcotvl convert OpenGVLab/InternVL2-2B teacher                  downloads, then renames and splits tensor by tensor
fcotvl convert ./InternVL2-8B teacher --dtype bfloat16
fcotvl convert OpenGVLab/InternVL3-1B-hf teacher               native folders of transformers too"""
    summary = "turn an original InternVL2 checkpoint into a teacher, losslessly"
    parser = add_command(commands, "convert", summary, _convert, examples)
    parser.add_argument("source", metavar="SRC", help="folder or Hub id of an InternVL2 or native InternVL checkpoint")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    parser.add_argument("--dtype", choices=DTYPES, help="of the weights (default: the source's)")
    parser.add_argument(
        "--system", metavar="PROMPT", help="the chat template's system prompt (default: the original's)"
    )
    parser.add_argument("--allow-pickle", action="store_true", help="read .bin weights; no code in them is run")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")


def _convert(args: argparse.Namespace, rest: list[str]) -> None:
    import torch

    from fcotvl_hf.conversion.convert import convert

    convert(
        args.source,
        args.out,
        dtype=getattr(torch, args.dtype) if args.dtype else None,
        allow_pickle=args.allow_pickle,
        system_prompt=args.system,
        overwrite=args.overwrite,
    )


def add_init(commands: Commands) -> None:
    """Add ``init``."""
    examples = """\
fcotvl init tiny student --stride 2                            128 instead of 256 tokens in InternVL2: 50 %
fcotvl init tiny student --compression 0.75                    the same as --stride 4
fcotvl init tiny student --stride 4 --compressor mean          no parameters: the untrained baseline
fcotvl init student further --stride 4                         from a 50 % student to a 75 % one"""
    parser = add_command(commands, "init", "make an untrained student from a teacher", _init, examples)
    parser.add_argument(
        "teacher",
        metavar="TEACHER",
        help="model without compressor, or a conv1d or mean student: folder, Hub id or packaged name",
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write")
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--stride", type=positive, metavar="R", help="neighbouring visual tokens merged into one")
    amount.add_argument("--compression", type=_stride, dest="stride", metavar="C", help="share removed, 1 - 1/R")
    parser.add_argument(
        "--compressor",
        metavar="KIND",
        default="conv1d",
        help="kind of compressor; an unknown one is answered with the list (default: %(default)s)",
    )
    parser.add_argument(
        "--position",
        metavar="WHERE",
        default="before_projector",
        help="where it stands: before_projector or after_projector (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")


def _init(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.conversion.student import init_student

    init_student(args.teacher, args.out, args.stride, args.compressor, args.overwrite, args.position)


def _stride(compression: str) -> int:
    """The stride that removes this share of the tokens."""
    try:
        return stride_of_compression(float(compression))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_merge(commands: Commands) -> None:
    """Add ``merge``."""
    options.add_options(
        add_command(commands, "merge", "merge checkpoints of one run into a model", _merge, options.EXAMPLES)
    )


def _merge(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.merging.command import MergeOptions, merge

    merge(
        args.base,
        args.checkpoints,
        args.out,
        MergeOptions(args.method, args.scale, args.normalize, args.weights, args.density, args.seed),
        score_with=args.score_with,
        score_command=args.score_command,
        cache=args.cache,
        check=args.verify,
        overwrite=args.overwrite,
    )
