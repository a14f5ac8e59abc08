"""``fcotvl push``: models, data sets, Spaces, metrics and collections to the Hub."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from fcotvl_hf.command import UsageError

from .adding import Commands, Run, add_command
from .writing import check_repository


def add_push(commands: Commands) -> None:
    """Add ``push`` with a command for each kind."""
    parser = commands.add_parser("push", help="publish on the Hub: checked, one commit, with a card")
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_model(kinds)
    _add_dataset(kinds)
    _add_space(kinds)
    _add_metric(kinds)
    _add_collection(kinds)


def _add_model(kinds: Commands) -> None:
    examples = """\
fcotvl push model merged me/fcot-vl-2b --base-model OpenGVLab/InternVL2-2B --license mit --tag v1.0
fcotvl push model merged me/fcot-vl-2b --scores scores --compare kept --bench bench.json --dry-run look
fcotvl push model tiny-50 me/fcot-vl-tiny --private"""
    summary = "publish a model: reloaded and asked in a fresh process first"
    parser = _add(kinds, "model", summary, _model, examples, "a model's folder, or a packaged name")
    _add_versions(parser)
    parser.add_argument("--license", metavar="NAME", help="of the weights, such as mit (default: the card's)")
    parser.add_argument("--base-model", metavar="ID", help="on the Hub (default: the card's)")
    parser.add_argument("--scores", type=Path, metavar="DIR", help="results of fcotvl eval, for the card")
    parser.add_argument("--compare", type=Path, metavar="DIR", help="report of fcotvl eval --compare, for the card")
    parser.add_argument("--bench", type=Path, metavar="FILE", help="what fcotvl bench measured, for the card")


def _add_dataset(kinds: Commands) -> None:
    examples = "fcotvl push dataset ocr-mix me/ocr-mix --tag v1.0"
    summary = "publish a data set that fcotvl data wrote"
    _add_versions(_add(kinds, "dataset", summary, _dataset, examples, "the folder"))


def _add_space(kinds: Commands) -> None:
    examples = "fcotvl push space compression_lab me/compression-lab"
    summary = "publish a Space, with this package's wheel if its requirements name it"
    parser = _add(
        kinds, "space", summary, _space, examples, "folder with README.md, requirements.txt and app, or compression_lab"
    )
    _add_versions(parser)
    parser.add_argument(
        "--wheel", type=Path, metavar="FILE", help="of fcotvl-hf (default: built from this package's sources)"
    )


def _add_metric(kinds: Commands) -> None:
    examples = "fcotvl push metric anls me/anls"
    summary = "publish a metric for evaluate.load"
    _add_versions(_add(kinds, "metric", summary, _metric, examples, "an evaluate module's folder, or one of ours"))


def _add_collection(kinds: Commands) -> None:
    examples = "fcotvl push collection collection.yaml me/fcot-vl"
    summary = "tie repositories together in a collection"
    _add(kinds, "collection", summary, _collection, examples, "YAML file: title, description, items")


def _add(kinds: Commands, name: str, summary: str, run: Run, examples: str, path: str) -> argparse.ArgumentParser:
    parser = add_command(kinds, name, summary, run, examples)
    parser.add_argument("path", metavar="PATH", help=path)
    parser.add_argument("repo_id", metavar="REPO_ID", help="owner/name; made if need be")
    parser.add_argument("--private", action="store_true", help="for its owner's eyes only")
    parser.add_argument(
        "--dry-run", type=Path, metavar="DIR", help="write the repository to this folder and check it; no network"
    )
    return parser


def _add_versions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--revision", metavar="BRANCH", help="to write to, made if need be; refs/pr/N goes on with a pull request"
    )
    parser.add_argument("--tag", metavar="NAME", help="of this version, such as v1.0; an existing tag is refused")
    parser.add_argument("--create-pr", action="store_true", help="open a pull request to an existing repository")


def _push(
    args: argparse.Namespace,
    write: Callable[[Path, bool], None],
    kind: str,
    stale: Sequence[str] = (),
    sdk: str | None = None,
) -> None:
    from fcotvl_hf.hub.push import push
    from fcotvl_hf.io.repo_upload import Repository

    try:
        to = Repository(args.repo_id, kind, args.private, args.revision, args.tag, args.create_pr, sdk=sdk, stale=stale)
    except ValueError as error:
        raise UsageError(str(error)) from None
    push(write, to, args.dry_run)


def _model(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.publication import Publication
    from fcotvl_hf.hub.push_model import STALE, model_folder, write_model

    check_repository(args.base_model or args.repo_id)
    source = model_folder(args.path)
    about = Publication(args.repo_id, args.license, args.base_model, args.scores, args.compare, args.bench)
    _push(args, lambda out, link: write_model(source, out, about, link), "model", STALE)


def _dataset(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.dataset_builders.publish import STALE, stage_dataset

    _push(args, lambda out, link: stage_dataset(Path(args.path), out, args.repo_id, link), "dataset", STALE)


def _space(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.push_space import STALE, sdk_of, space_folder, write_space

    source = space_folder(args.path)
    sdk = sdk_of(source)
    _push(args, lambda out, link: write_space(source, out, args.repo_id, args.wheel), "space", STALE, sdk)


def _metric(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.push_metric import metric_folder, write_metric

    source = metric_folder(args.path)
    _push(args, lambda out, link: write_metric(source, out, args.repo_id), "space", sdk="static")


def _collection(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.hub.collection import push_collection

    check_repository(args.repo_id)
    push_collection(Path(args.path), args.repo_id, args.private, args.dry_run)
