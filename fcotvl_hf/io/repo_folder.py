"""A folder that is about to become a repository: what belongs to it, and whether it may go there."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from huggingface_hub import DatasetCard, ModelCard, RepoCard, SpaceCard

from .atomic import atomic_write

README = "README.md"
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "model": ("license", "library_name", "pipeline_tag"),
    "dataset": ("license", "configs"),
    "space": ("title", "sdk", "app_file"),
}
"""Kind of repository → what its card's metadata must say."""
PLACEHOLDER = "PATH_OR_ID"
"""Stands in a card for the name that the model has once it is published."""
MOST_BYTES = 50_000_000_000
"""Of one file: the Hub's limit. https://huggingface.co/docs/hub/storage-limits"""

_CARDS: Mapping[str, type[RepoCard]] = {"model": ModelCard, "dataset": DatasetCard, "space": SpaceCard}
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib"}
_HIDDEN_BUT_OURS = (".eval_results", ".gitattributes")
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|(?:src|href)=[\"']([^\"']+)")


@dataclass(frozen=True)
class Contents:
    """What a folder holds.

    Args:
        paths: names of the files, relative, with ``/``.
        bytes: of all files together.
    """

    paths: tuple[str, ...]
    bytes: int

    def __str__(self) -> str:
        return f"{len(self.paths)} files, {self.bytes / 1e6:,.1f} MB"


def contents(folder: Path) -> Contents:
    """The files that belong to a repository: no hidden ones but those that the Hub reads, no caches, no left-overs.

    Args:
        folder: to publish.

    Raises:
        NotADirectoryError: it is none.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _belongs(path.relative_to(folder)))
    paths = tuple(path.relative_to(folder).as_posix() for path in files)
    return Contents(paths, sum(path.stat().st_size for path in files))


def stage(source: Path, paths: Sequence[str], out: Path, link: bool = False) -> None:
    """Put files of a folder into another one.

    Args:
        source: where they are.
        paths: their names, relative.
        out: where to; subfolders are made.
        link: by symbolic links, which take no space; the card is copied all the same, for it may be changed.
    """
    for path in paths:
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if link and path != README:
            target.symlink_to((source / path).resolve())
        else:
            shutil.copyfile(source / path, target)


def name_card(folder: Path, repo_id: str) -> None:
    """Write a repository's name where its card says ``PATH_OR_ID``.

    Args:
        folder: with ``README.md``.
        repo_id: ``owner/name``.
    """
    card = folder / README
    atomic_write(card, card.read_text(encoding="utf-8").replace(PLACEHOLDER, repo_id))


def check_folder(folder: Path, kind: str, name: str | None = None) -> Contents:
    """See that a folder may become a repository: card, links, sizes, no pickles.

    Args:
        folder: to publish.
        kind: model, dataset or space.
        name: what messages call it, where the folder is only a stop on the way; the folder itself by default.

    Returns:
        What would be uploaded.

    Raises:
        ValueError: it may not; everything that is wrong is told.
        FileNotFoundError: it has no card.
        NotADirectoryError: it is no folder.
    """
    found = contents(folder)
    if README not in found.paths:
        raise FileNotFoundError(f"{name or folder} has no {README}: it is no {kind}, or an unfinished one")
    problems = [problem for check in _CHECKS for problem in check(folder, kind, found)]
    if problems:
        raise ValueError(f"{name or folder} cannot be published as it is: {'; '.join(problems)}")
    return found


def _belongs(path: Path) -> bool:
    if path.name.endswith((".part", ".lock", ".pyc")):
        return False
    return not any(part.startswith(".") for part in path.parts) or path.parts[0] in _HIDDEN_BUT_OURS


def _check_metadata(folder: Path, kind: str, found: Contents) -> list[str]:
    try:
        card = _CARDS[kind].load(folder / README)
    except Exception as error:  # YAML's errors, and those of the card's own checks
        return [f"the metadata of {README} cannot be read ({' '.join(str(error).split())})"]
    metadata = card.data.to_dict()
    missing = [name for name in REQUIRED[kind] if not metadata.get(name)]
    return [f"the metadata of {README} does not say {', '.join(missing)}"] if missing else []


def _check_links(folder: Path, kind: str, found: Contents) -> list[str]:
    text = _CODE.sub("", (folder / README).read_text(encoding="utf-8"))
    targets = {first or second for first, second in _LINK.findall(text)}
    relative = {target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#|//", target)}
    broken = sorted(target for target in relative if str(PurePosixPath(target)) not in found.paths)
    return [f"{README} links to {', '.join(broken)}, not in the folder"] if broken else []


def _check_files(folder: Path, kind: str, found: Contents) -> list[str]:
    pickles = [path for path in found.paths if Path(path).suffix in _PICKLES]
    large = [path for path in found.paths if (folder / path).stat().st_size > MOST_BYTES]
    problems = [f"{', '.join(pickles)} may hold pickles; weights belong into safetensors"] if pickles else []
    return problems + ([f"{', '.join(large)} is larger than the Hub's 50 GB"] if large else [])


_CHECKS: tuple[Callable[[Path, str, Contents], list[str]], ...] = (
    _check_metadata,
    _check_links,
    _check_files,
)
