"""A Collection on the Hub: models, data sets, Spaces and papers that belong together, from a YAML file.

title: FCoT-VL
description: InternVL2 with half and a quarter of the visual tokens.
items:
  - me/fcot-vl-2b
  - datasets/me/ocr-mix
  - spaces/me/compression-lab
  - {id: papers/2502.18512, note: The paper}
"""

import json
import logging
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import HfApi

from fcotvl_hf.io.atomic import atomic_folder, atomic_write
from fcotvl_hf.io.repo_errors import explained
from fcotvl_hf.io.repo_upload import check_name, check_token

logger = logging.getLogger(__name__)

_KINDS = {"datasets": "dataset", "spaces": "space", "papers": "paper"}
_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LONGEST_NOTE = 60, 150, 500
"""Characters. https://huggingface.co/docs/huggingface_hub/guides/collections"""


@dataclass(frozen=True)
class Item:
    """A member.

    Args:
        id: of the repository or paper.
        type: model, dataset, space or paper.
        note: shown beside it.
    """

    id: str
    type: str
    note: str | None = None


@dataclass(frozen=True)
class Collection:
    """What the file says.

    Args:
        title: shown above it, and part of its address.
        description: one or two sentences.
        items: its members, in order.
    """

    title: str
    description: str | None = None
    items: list[Item] = field(default_factory=list)


def read_collection(path: Path, default_title: str) -> Collection:
    """Read a collection's file.

    Args:
        path: YAML.
        default_title: of one that names none.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or says more than the Hub takes.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; write one with a list of repositories")
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no YAML: {error}") from None
    if isinstance(told, list):
        told = {"items": told}
    if not isinstance(told, dict) or not told.get("items"):
        raise ValueError(f"{path} has no items: write a list of repositories, such as me/model and datasets/me/data")
    if unknown := set(told) - {"title", "description", "items"}:
        raise ValueError(f"{path} says {', '.join(sorted(map(str, unknown)))}; known are title, description, items")
    collection = Collection(
        told.get("title") or default_title, told.get("description"), [_item(item, path) for item in told["items"]]
    )
    _check_lengths(collection, path)
    return collection


def push_collection(path: Path, repo_id: str, private: bool, dry_run: Path | None) -> None:
    """Make a collection, or add to it what it lacks, and tell on stdout where it is, as JSON.

    Args:
        path: its file.
        repo_id: ``owner/name``; the name is the title of a file without one.
        private: make it for its owner's eyes only.
        dry_run: folder to write ``collection.json`` to instead; the network is not used.

    Raises:
        OSError: the Hub cannot be reached, refuses, or does not know a member.
        ValueError: the file is wrong.
    """
    owner, _, name = repo_id.partition("/")
    collection = read_collection(path, name)
    if dry_run is not None:
        with atomic_folder(dry_run) as folder:
            atomic_write(folder / "collection.json", json.dumps(asdict(collection), indent=2) + "\n")
        _tell(repo_id, collection, str(dry_run))
        return
    check_token()
    api = HfApi()
    with explained(f"collection {repo_id}"):
        made = api.create_collection(
            collection.title, namespace=owner, description=collection.description, private=private, exists_ok=True
        )
    for item in collection.items:
        with explained(f"{item.type} {item.id}"):
            api.add_collection_item(made.slug, item.id, item.type, note=item.note, exists_ok=True)  # type: ignore[arg-type]
    _tell(repo_id, collection, made.url)


def _item(told: Any, path: Path) -> Item:
    note = None
    if isinstance(told, dict) and set(told) <= {"id", "note"}:
        told, note = told.get("id"), told.get("note")
    if not isinstance(told, str):
        raise ValueError(f"{path} has an item {told!r}; write owner/name, or {{id: owner/name, note: why}}")
    kind, _, rest = told.partition("/")
    if kind not in _KINDS:
        check_name(told)
        return Item(told, "model", note)
    if kind != "papers":
        check_name(rest)
    return Item(rest, _KINDS[kind], note)


def _check_lengths(collection: Collection, path: Path) -> None:
    notes = [("the note of " + item.id, item.note, _LONGEST_NOTE) for item in collection.items]
    texts = [("title", collection.title, _LONGEST_TITLE), *notes]
    for what, text, longest in [*texts, ("description", collection.description, _LONGEST_DESCRIPTION)]:
        if text and len(text) > longest:
            raise ValueError(f"{path}: {what} has {len(text)} characters, the Hub takes {longest}")


def _tell(repo_id: str, collection: Collection, where: str) -> None:
    logger.info("%s: %d items", where, len(collection.items))
    told = {"repo_id": repo_id, "kind": "collection", "where": where, "items": len(collection.items)}
    sys.stdout.write(json.dumps(told) + "\n")
