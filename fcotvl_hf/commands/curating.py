"""``fcotvl data cot``, ``mix`` and ``label``: verified chains of thought, mixes of data sets, a teacher's labels."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fcotvl_hf.command import UsageError, names_in, positive

from .adding import Commands, add_command
from .writing import add_drawing, add_tokenizer, add_writing, writing

if TYPE_CHECKING:
    from fcotvl_hf.dataset_builders.asking.ask import Asked
    from fcotvl_hf.dataset_builders.curation.decontamination import KeptOut
    from fcotvl_hf.dataset_builders.curation.quality import TokenCounter

_WHERE = "URL_OR_MODEL"
_WHERE_HELP = "an OpenAI-compatible endpoint (http://host:port/v1, with #NAME one of its models), a folder or Hub id"


def add_cot(mixes: Commands) -> None:
    """Add ``cot``."""
    examples = """\
fcotvl data cot --out cot --size 500                           chains computed by the programs that draw
fcotvl data cot --out cot --size 500 --sampler http://localhost:8000/v1
                                                               and chains of that model whose answers are right
fcotvl data cot --out cot --size 5000 --sampler http://localhost:8000/v1 --questions user/set --draws 8
fcotvl data cot --out cot --size 500 --decontaminate chartqa,mathvista --data-root benchmarks"""
    summary = "questions with verified chains of thought: the mix that post-trains"
    parser = add_command(mixes, "cot", summary, _cot, examples)
    add_writing(parser)
    add_drawing(parser)
    add_tokenizer(parser)
    parser.add_argument("--sampler", metavar=_WHERE, help=f"sample chains from a stronger model: {_WHERE_HELP}")
    parser.add_argument(
        "--questions",
        metavar="DATA[:CONFIG]",
        help="what the sampler is asked: a data set with image, question, answer and maybe choices, split train "
        "(default: the program's questions)",
    )
    parser.add_argument("--draws", type=positive, default=4, metavar="K", help="per question (default: %(default)s)")
    parser.add_argument(
        "--keep", type=positive, default=2, metavar="K", help="most chains kept per question (default: %(default)s)"
    )
    parser.add_argument(
        "--rewriter", metavar=_WHERE, help="put terse answers into a conversational tone; the paper: InternLM2.5-7B"
    )
    _add_asking(parser, temperature=1.0)
    _add_keeping_out(parser)


def _cot(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.cot_mix.build import CotOptions, build_cot_mix
    from fcotvl_hf.dataset_builders.cot_mix.rejection import Sifting
    from fcotvl_hf.dataset_builders.curation.opening import Origin

    if args.questions and not args.sampler:
        raise UsageError("--questions are for a --sampler to answer")
    path, _, config = (args.questions or "").partition(":")
    options = CotOptions(
        sampler=_asked(args, args.sampler, args.temperature) if args.sampler else None,
        sifting=Sifting(draws=args.draws, keep=args.keep),
        questions=Origin(path, config or None) if path else None,
        rewriter=_asked(args, args.rewriter, 0.0) if args.rewriter else None,
        kept_out=_kept_out(args),
    )
    build_cot_mix(args.out, args.size, args.seed, options, _counter(args.tokenizer), writing(args))


def add_mix(mixes: Commands) -> None:
    """Add ``mix``."""
    examples = """\
fcotvl data mix recipe.yaml --out mix                          docs/data-cot.md shows a recipe
fcotvl data mix recipe.yaml --out mix --decontaminate mathvista"""
    parser = add_command(mixes, "mix", "one data set of several, by weights and caps", _mix, examples)
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="YAML with sources, weights, caps, size and seed")
    add_writing(parser)
    add_tokenizer(parser)
    _add_keeping_out(parser)


def _mix(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.curation.build import build_mix
    from fcotvl_hf.dataset_builders.curation.mixing import read_recipe

    try:
        recipe = read_recipe(args.recipe)
    except ValueError as error:
        raise UsageError(str(error)) from None
    build_mix(recipe, args.out, _counter(args.tokenizer), writing(args), _kept_out(args))


def add_label(mixes: Commands) -> None:
    """Add ``label``."""
    examples = """\
fcotvl data label scans --out labels --teacher http://localhost:8000/v1
fcotvl data label scans --out labels --teacher OpenGVLab/InternVL2-2B-hf --confidence 0.95"""
    parser = add_command(mixes, "label", "let a teacher read pictures, and keep what it is sure of", _label, examples)
    parser.add_argument("images", metavar="IMAGES", type=Path, help="folder of pictures")
    add_writing(parser)
    parser.add_argument("--teacher", metavar=_WHERE, required=True, help=f"who reads: {_WHERE_HELP}")
    parser.add_argument("--prompt", default="Read the text.", help="what it is asked (default: %(default)s)")
    parser.add_argument("--task", default="document", help="what rows call it (default: %(default)s)")
    parser.add_argument(
        "--confidence",
        type=_share,
        default=0.9,
        metavar="P",
        help="lowest mean probability of a reply's tokens that is kept (default: %(default)s)",
    )
    _add_asking(parser)


def _label(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.curation.build import build_labels

    teacher = _asked(args, args.teacher, 0.0, confidence=True)
    build_labels(args.images, args.out, teacher, args.prompt, args.task, args.confidence, writing(args))


def _add_keeping_out(parser: argparse.ArgumentParser) -> None:
    """Add which test data rows must not be like."""
    parser.add_argument("--decontaminate", metavar="A,B", help="drop rows like the test data of these evaluation tasks")
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="folder with that test data instead of the Hub")


def _kept_out(args: argparse.Namespace) -> "KeptOut":
    """What ``_add_keeping_out`` added says.

    Raises:
        UsageError: a task is unknown.
    """
    from fcotvl_hf.dataset_builders.curation.decontamination import KeptOut
    from fcotvl_hf.eval_harness.tasks import get_task

    tasks = names_in(args.decontaminate or "")
    try:
        for task in tasks:
            get_task(task)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return KeptOut(tasks, args.data_root)


def _add_asking(parser: argparse.ArgumentParser, temperature: float | None = None) -> None:
    """Add how models are asked; ``temperature`` is the default of sampling."""
    if temperature is not None:
        parser.add_argument(
            "--temperature", type=float, default=temperature, metavar="T", help="of sampling (default: %(default)s)"
        )
    parser.add_argument(
        "--max-new-tokens", type=positive, default=1024, metavar="N", help="where a reply is cut (default: %(default)s)"
    )
    parser.add_argument(
        "--parallel",
        type=positive,
        default=16,
        metavar="N",
        help="requests at a time, or pictures in a local model's batch (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=120.0,
        metavar="S",
        help="seconds until a request is repeated (default: %(default)s)",
    )


def _asked(args: argparse.Namespace, where: str, temperature: float, confidence: bool = False) -> "Asked":
    from fcotvl_hf.dataset_builders.asking.ask import Asked
    from fcotvl_hf.dataset_builders.asking.request import Settings
    from fcotvl_hf.hub.names import resolve_model

    settings = Settings(
        temperature=temperature,
        max_new_tokens=args.max_new_tokens,
        confidence=confidence,
        timeout=args.timeout,
        parallel=args.parallel,
    )
    asked = Asked(where, settings)
    return asked if asked.is_endpoint else Asked(resolve_model(where), settings, where)


def _counter(model: str) -> "TokenCounter":
    """Counts tokens as a model's tokenizer makes them.

    Raises:
        FileNotFoundError: the model has no ``tokenizer.json``.
    """
    from tokenizers import Tokenizer

    from fcotvl_hf.dataset_builders.curation.quality import TokenCounter
    from fcotvl_hf.hub.names import local_folder

    path = local_folder(model, ["tokenizer.json"]) / "tokenizer.json"
    if not path.is_file():
        raise FileNotFoundError(f"{model} has no tokenizer.json; name another model with --tokenizer")
    tokenizer = Tokenizer.from_file(str(path))
    return TokenCounter(model, lambda text: len(tokenizer.encode(text, add_special_tokens=False)))


def _share(text: str) -> float:
    """A number between 0 and 1, as an argument's type."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return value
