"""Uploads to the Hub: one commit for a folder, a tag for a version, and a second try for what passes by itself.

``create_commit`` and not ``upload_folder``: the latter cuts large folders into several commits. Both send a file only
once: a repeated upload finds by its hash what the Hub has (LFS), or what parts of it (Xet), and an unchanged file is
left out of the commit. That makes repeating the whole safe, after a dropped connection and in a later run.
https://huggingface.co/docs/huggingface_hub/guides/upload
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TypeVar

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
from huggingface_hub.utils import validate_repo_id

from .repo_errors import explained, passes, seconds_asked

logger = logging.getLogger(__name__)

WAITS = (2, 4, 8, 16)
"""Seconds before each further try, unless the Hub asks for more."""

T = TypeVar("T")


@dataclass(frozen=True)
class Repository:
    """Where a folder goes, and how.

    Args:
        id: ``owner/name``.
        kind: model, dataset or space.
        private: make it for its owner's eyes only.
        branch: other than ``main``; made if need be. ``refs/pr/N`` goes on with a pull request.
        tag: of the commit; a tag that exists is refused, for a version does not change.
        create_pr: open a pull request to an existing repository instead of writing to ``main``.
        sdk: of a Space.
        stale: patterns of files that are deleted from the repository if the folder has them no more.

    Raises:
        ValueError: the Hub allows no such name, or the options exclude each other.
    """

    id: str
    kind: str = "model"
    private: bool = False
    branch: str | None = None
    tag: str | None = None
    create_pr: bool = False
    sdk: str | None = None
    stale: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_name(self.id)
        if self.create_pr and (self.branch or self.tag):
            raise ValueError("a pull request goes to main and has no tag before it is merged: leave those options out")

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def check_name(repo_id: str) -> None:
    """Refuse what cannot be a repository's name.

    Raises:
        ValueError: it is not ``owner/name`` in characters that the Hub allows.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise ValueError(f"{repo_id!r} cannot be a name on the Hub: {error}") from None
    if repo_id.count("/") != 1:
        raise ValueError(f"{repo_id!r} names no owner; write owner/name")


def check_token() -> None:
    """See that the Hub can be reached and knows us, before any work is done.

    A workflow's token (``HF_OIDC_RESOURCE``) belongs to a repository and to no user, so it is not asked about.

    Raises:
        OSError: it cannot, or does not.
    """
    if "HF_OIDC_RESOURCE" not in os.environ:
        with explained("your account"):
            HfApi().whoami()


def upload(folder: Path, paths: Sequence[str], to: Repository, message: str) -> str:
    """Make a repository if there is none, and put files there in one commit.

    Args:
        folder: where the files are.
        paths: their names in it and in the repository.
        to: the repository.
        message: of the commit.

    Returns:
        Address of the repository, or of the pull request.

    Raises:
        OSError: the Hub cannot be reached, refuses, or does not know a repository that must exist.
        ValueError: the Hub finds the card's metadata wrong, the tag exists, or a repository that should be private is
            public.
    """
    api = HfApi()
    with explained(str(to)):
        url = _prepare(api, to)
        branch = to.branch
        pull_request = api.create_pull_request(to.id, message, repo_type=to.kind) if to.create_pr else None
        if pull_request:
            branch = pull_request.git_reference
        commit = _retrying(lambda: _commit(api, folder, paths, to, branch, message))
        if pull_request:
            api.change_discussion_status(to.id, pull_request.num, "open", repo_type=to.kind)
        if to.tag:
            tag = to.tag
            _retrying(lambda: api.create_tag(to.id, tag=tag, revision=commit.oid, repo_type=to.kind, exist_ok=True))
    logger.info("%s: commit %s%s", to, commit.oid[:8], f", tag {to.tag}" if to.tag else "")
    return pull_request.url if pull_request else url


def _prepare(api: HfApi, to: Repository) -> str:
    """Make the repository and the branch, unless they are there."""
    if to.create_pr:
        known = api.repo_info(to.id, repo_type=to.kind)
        return f"{api.endpoint}/{known.id}"
    _check_visibility(api, to)
    url = _retrying(
        lambda: api.create_repo(to.id, repo_type=to.kind, private=to.private, exist_ok=True, space_sdk=to.sdk)
    )
    if to.branch and not to.branch.startswith("refs/"):
        branch = to.branch
        _retrying(lambda: api.create_branch(to.id, branch=branch, repo_type=to.kind, exist_ok=True))
    if to.tag and any(ref.name == to.tag for ref in api.list_repo_refs(to.id, repo_type=to.kind).tags):
        raise ValueError(f"{to} has a version {to.tag} already; choose another --tag")
    return str(url)


def _check_visibility(api: HfApi, to: Repository) -> None:
    if not to.private:
        return
    try:
        is_private = api.repo_info(to.id, repo_type=to.kind).private
    except RepositoryNotFoundError:
        return
    if not is_private:
        raise ValueError(f"{to} is there and is public; make it private in its settings, or leave out --private")


def _commit(
    api: HfApi, folder: Path, paths: Sequence[str], to: Repository, branch: str | None, message: str
) -> CommitInfo:
    """One commit; operations are made anew for each try, so that what is there by now is left out."""
    there = api.list_repo_files(to.id, repo_type=to.kind, revision=branch)
    stale = [path for path in there if path not in paths and any(fnmatch(path, pattern) for pattern in to.stale)]
    if stale:
        logger.info("%s: deletes %s", to, ", ".join(stale))
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationDelete(path) for path in stale),
        *(CommitOperationAdd(path, str(folder / path)) for path in paths),
    ]
    return api.create_commit(to.id, operations, commit_message=message, repo_type=to.kind, revision=branch)


def _retrying(call: Callable[[], T]) -> T:
    """Call, and call again after a while if what went wrong passes by itself."""
    for wait in WAITS:
        try:
            return call()
        except Exception as error:
            if not passes(error):
                raise
            wait = max(wait, seconds_asked(error))
            logger.warning("the Hub is not answering as it should (%s); trying again in %d s", _short(error), wait)
            time.sleep(wait)
    return call()


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
