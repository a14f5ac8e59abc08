"""What the stand-in for the Hub keeps in memory: repositories with commits, branches, tags and pull requests."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EMPTY = "0" * 40
"""The commit that every repository begins with."""


@dataclass(frozen=True)
class File:
    """A file of a commit; ``lfs`` tells that it is kept beside git."""

    content: bytes
    lfs: bool

    @property
    def oid(self) -> str:
        """What git calls a blob of this content."""
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    @property
    def sha256(self) -> str:
        """What LFS calls it."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def etag(self) -> str:
        """What tells versions apart: LFS's name where there is one."""
        return self.sha256 if self.lfs else self.oid


@dataclass
class PullRequest:
    """A pull request; its commits are on ``refs/pr/N``."""

    number: int
    title: str
    status: str = "draft"


@dataclass
class Repository:
    """A model, data set or Space."""

    kind: str
    id: str
    private: bool = False
    sdk: str | None = None
    commits: dict[str, dict[str, File]] = field(default_factory=lambda: {EMPTY: {}})
    messages: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=lambda: {"main": EMPTY})
    tags: dict[str, str] = field(default_factory=dict)
    pull_requests: list[PullRequest] = field(default_factory=list)

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag, a pull request or a commit names."""
        if revision in self.commits:
            return revision
        return self.branches.get(revision, self.tags.get(revision))

    def files(self, revision: str = "main") -> dict[str, File]:
        """Path → file at a revision that exists."""
        commit = self.resolve(revision)
        assert commit is not None
        return self.commits[commit]

    def commit(self, branch: str, message: str, files: dict[str, File]) -> str:
        """Put a new tree on a branch and return its commit."""
        parts = [branch, message, str(len(self.commits)), *(f"{path} {file.etag}" for path, file in files.items())]
        oid = hashlib.sha1("\n".join(parts).encode()).hexdigest()
        self.commits[oid] = files
        self.messages.append(message)
        self.branches[branch] = oid
        return oid

    def open_pull_request(self, title: str) -> PullRequest:
        """Open a draft that starts from ``main``."""
        pull_request = PullRequest(len(self.pull_requests) + 1, title)
        self.pull_requests.append(pull_request)
        self.branches[f"refs/pr/{pull_request.number}"] = self.branches["main"]
        return pull_request

    def info(self, commit: str) -> dict[str, Any]:
        """What the Hub tells about a revision."""
        siblings = [{"rfilename": path} for path in self.commits[commit]]
        about = {"id": self.id, "sha": commit, "private": self.private, "tags": [], "siblings": siblings}
        return {**about, "sdk": self.sdk, "disabled": False, "gated": False}

    def entries(self, commit: str, folder: str, recursive: bool) -> list[dict[str, Any]]:
        """The tree below a folder, as the Hub lists it."""
        prefix = f"{folder}/" if folder else ""
        inside = {path: file for path, file in self.commits[commit].items() if path.startswith(prefix)}
        below = {path.removeprefix(prefix) for path in inside}
        shown = [path for path in inside if recursive or "/" not in path.removeprefix(prefix)]
        folders = {parent for path in below for parent in _parents(path) if recursive or "/" not in parent}
        listed = [{"type": "directory", "path": prefix + name, "oid": EMPTY, "size": 0} for name in sorted(folders)]
        return listed + [entry(path, inside[path]) for path in sorted(shown)]


def entry(path: str, file: File) -> dict[str, Any]:
    """A file as the Hub lists it."""
    size = len(file.content)
    lfs = {"lfs": {"oid": file.sha256, "size": size, "pointerSize": 134}} if file.lfs else {}
    return {"type": "file", "path": path, "size": size, "oid": file.oid, **lfs}


def read_folder(folder: Path) -> dict[str, File]:
    """A folder on disk as the tree of a commit."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): File(path.read_bytes(), False) for path in paths}


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]
