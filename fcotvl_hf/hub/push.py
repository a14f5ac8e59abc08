"""The last step of ``fcotvl push``: a written and checked repository is kept as a folder, or uploaded."""

import json
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from fcotvl_hf.io.atomic import atomic_folder
from fcotvl_hf.io.repo_folder import Contents, check_folder
from fcotvl_hf.io.repo_upload import Repository, check_token, upload

logger = logging.getLogger(__name__)

Write = Callable[[Path, bool], None]
"""Writes a repository's files into a folder; large ones may be linked if the second argument is true."""


def push(write: Write, to: Repository, dry_run: Path | None) -> None:
    """Write a repository, check it, upload it, and tell on stdout where it is, as JSON.

    Args:
        write: makes its files.
        to: where it goes.
        dry_run: folder to write instead; the network is not used.

    Raises:
        OSError: see ``upload``; or something cannot be read or written.
        ValueError: what was written may not be published.
    """
    if dry_run is not None:
        with atomic_folder(dry_run) as folder:
            found = _checked(write, folder, to, link=False)
        _tell(to, found, str(dry_run))
        return
    check_token()  # before any work is done
    with tempfile.TemporaryDirectory(prefix="fcotvl-push-") as scratch:
        found = _checked(write, Path(scratch), to, link=True)
        logger.info("%s: uploading %s", to, found)
        url = upload(Path(scratch), found.paths, to, f"Upload {to.id.partition('/')[2]} with fcotvl push")
    _tell(to, found, url)


def _checked(write: Write, folder: Path, to: Repository, link: bool) -> Contents:
    write(folder, link)
    return check_folder(folder, to.kind, str(to))


def _tell(to: Repository, found: Contents, where: str) -> None:
    logger.info("%s: %s", where, found)
    told = {"repo_id": to.id, "kind": to.kind, "where": where, "files": list(found.paths), "bytes": found.bytes}
    sys.stdout.write(json.dumps(told) + "\n")
