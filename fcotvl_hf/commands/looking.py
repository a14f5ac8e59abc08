"""``fcotvl demo``, ``ask``, ``app`` and ``tokens``: look before you train."""

import argparse
from importlib.util import find_spec
from pathlib import Path

from fcotvl_hf.command import UsageError, positive
from fcotvl_hf.cost.kv import VALUE_BYTES
from fcotvl_hf.cost.shapes import DEFAULT_SHAPE, SHAPES

from .adding import Commands, add_command


def add_demo(commands: Commands) -> None:
    """Add ``demo``."""
    parser = add_command(
        commands, "demo", "run the whole pipeline on the packaged tiny model", _demo, "fcotvl demo --out demo"
    )
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the report (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="fewer pages and steps: does it run at all?")
    parser.add_argument("--seed", type=int, default=0, help="seed of pages and training (default: %(default)s)")


def _demo(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.demo import run_demo

    run_demo(args.out, args.quick, args.seed)


def add_ask(commands: Commands) -> None:
    """Add ``ask``."""
    examples = """\
fcotvl ask tiny page.png "Read the text."
fcotvl ask tiny-50 table.png "Convert this table to Markdown." --json
fcotvl ask tiny page.png "Read the text." --compare            tiny beside tiny-50 and tiny-75
fcotvl ask teacher,student page.png "Read the text."           any models side by side
fcotvl ask tiny-50 page.png "Read the text." --attention look.png"""
    parser = add_command(commands, "ask", "ask a model about images; it answers as you watch", _ask, examples)
    parser.add_argument("model", metavar="MODEL", help="folder, Hub id or packaged name; several with commas between")
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="image files, asked about together")
    parser.add_argument("question", help="what to ask")
    parser.add_argument("--compare", action="store_true", help="side by side; a packaged MODEL stands for all of them")
    parser.add_argument(
        "--max-new-tokens", type=positive, default=512, metavar="N", help="cut the answer (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per model instead")
    parser.add_argument(
        "--attention", type=Path, metavar="PNG", help="draw which parts of the pages the answer looks at"
    )


def _ask(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.ask import ask

    ask(
        args.model,
        args.images,
        args.question,
        compare=args.compare,
        max_new_tokens=args.max_new_tokens,
        as_json=args.json,
        attention=args.attention,
    )


def add_app(commands: Commands) -> None:
    """Add ``app``."""
    examples = """\
fcotvl app                                                     tiny beside tiny-50 and tiny-75
fcotvl app --model teacher --model student --port 7861         your own, the reference first
fcotvl app --results report                                    with the scores of fcotvl eval --compare"""
    summary = "compare models in the browser: answers, costs, and what was lost"
    parser = add_command(commands, "app", summary, _app, examples)
    parser.add_argument(
        "--model",
        action="append",
        metavar="M",
        help="folder, Hub id or packaged name; twice or more, the reference first "
        "(default: those of FCOTVL_MODELS, else the packaged ones)",
    )
    parser.add_argument("--port", type=_port, metavar="P", help="where to listen (default: the first free from 7860)")
    parser.add_argument("--results", type=Path, metavar="DIR", help="folder that fcotvl eval --compare wrote")


def _app(args: argparse.Namespace, rest: list[str]) -> None:
    if find_spec("gradio") is None:
        raise UsageError("the app needs gradio; install it with: pip install 'fcotvl-hf[demo]'")
    from fcotvl_hf.app.names import names_of_models

    names = names_of_models(args.model)  # before anything heavy is imported

    from fcotvl_hf.app.launch import launch

    launch(names, args.port, args.results)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; choose one from 1 to 65535")
    return int(text)


def add_tokens(commands: Commands) -> None:
    """Add ``tokens``."""
    examples = """\
fcotvl tokens page.png                                         at strides 1, 2 and 4 of InternVL2-2B
fcotvl tokens *.png --shape internvl2-8b --max-tiles 6         each page, and all of them together
fcotvl tokens page.png --model student --strides 2 --json      for machines"""
    summary = "count tiles, visual tokens, KV-cache bytes and FLOPs of images, before anything is run"
    parser = add_command(commands, "tokens", summary, _tokens, examples)
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=Path, help="image files")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="M", help="folder, Hub id or packaged name; its weights are not opened")
    which.add_argument("--shape", choices=SHAPES, help=f"a named model without any file (default: {DEFAULT_SHAPE})")
    parser.add_argument("--strides", type=positive, nargs="+", metavar="R", help="strides to compare (default: 1 2 4)")
    parser.add_argument(
        "--max-tiles", type=positive, metavar="N", help="most tiles beside the thumbnail (default: the model's)"
    )
    parser.add_argument(
        "--text-tokens",
        type=positive,
        default=80,
        metavar="N",
        help="tokens of a prompt that are not visual: template, tags, question (default: %(default)s)",
    )
    parser.add_argument(
        "--kv-dtype",
        choices=VALUE_BYTES,
        default="bfloat16",
        help="type of the KV cache's values (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")


def _tokens(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.tokens import tokens

    tokens(
        args.images,
        model=args.model,
        shape=args.shape,
        strides=args.strides,
        max_tiles=args.max_tiles,
        text_tokens=args.text_tokens,
        kv_dtype=args.kv_dtype,
        as_json=args.json,
    )
