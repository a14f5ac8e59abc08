"""Writes that are whole or not there: a crash, Ctrl-C or a kill leaves the old state, never half a file.

Work goes to a temporary name beside the target and is renamed at the end. SIGTERM is turned into ``SystemExit`` while
a folder is under way, so that job schedulers leave no debris either.
"""

import errno
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn


def atomic_write(path: Path | str, content: str | bytes) -> None:
    """Write ``content`` to ``path`` in one step, replacing what was there.

    Args:
        path: the file to write; its folder must exist.
        content: text (written as UTF-8, line ends untouched) or bytes.

    Raises:
        OSError: the folder does not exist or cannot be written to, or the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with atomic_file(path) as unfinished:
        unfinished.write_bytes(data)


@contextmanager
def atomic_file(path: Path | str) -> Iterator[Path]:
    """Give a temporary name that becomes ``path`` when the block ends well, and that vanishes when it does not.

    For files that a library writes piece by piece; ``atomic_write`` is for content at hand.

    Args:
        path: the file to write, replaced if it exists; its folder must exist.

    Yields:
        An empty file in the same folder, whose name begins with a dot and ends in ``.part``.

    Raises:
        OSError: the folder does not exist or cannot be written to, or the disk is full.
    """
    path = Path(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(descriptor)
    unfinished = Path(name)
    try:
        yield unfinished
        os.chmod(unfinished, 0o666 & ~_umask())  # mkstemp's files are private
        os.replace(unfinished, path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        _explain_full_disk(error, path)
        raise


@contextmanager
def atomic_folder(path: Path | str, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary folder that becomes ``path`` when the block ends well and vanishes when it does not.

        with atomic_folder("model") as folder:
            model.save_pretrained(folder)

    Args:
        path: where the folder is to be; parents are made.
        overwrite: replace an existing folder. The old one stays until the new one is complete.

    Yields:
        The temporary folder, on the same disk as ``path``.

    Raises:
        FileExistsError: ``path`` exists and ``overwrite`` is false; raised before any work. An empty folder counts as
            absent.
        NotADirectoryError: ``path`` is a file.
        OSError: ``path`` is a mount point, or the disk is full.
    """
    path = Path(path).absolute()
    check_no_file(path)
    if path.exists() and any(path.iterdir()) and not overwrite:
        raise FileExistsError(f"{path} exists already; choose another name or delete it first")
    if path.is_mount():
        raise OSError(f"{path} is a mount point and cannot be replaced; choose a folder inside it")
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    unfinished, replaced = scratch / "new", scratch / "old"
    unfinished.mkdir()
    try:
        with sigterm_raises():
            yield unfinished
            if path.exists():
                path.rename(replaced)
            unfinished.rename(path)
    except BaseException as error:
        if replaced.exists() and not path.exists():
            replaced.rename(path)
        _explain_full_disk(error, path)
        raise
    finally:
        shutil.rmtree(scratch)


def check_no_file(path: Path) -> None:
    """See, before any work, that a path may become a folder, or is one.

    Args:
        path: the folder to write.

    Raises:
        NotADirectoryError: it is a file.
    """
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{path} is a file; choose another name for the folder")


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Let SIGTERM unwind the stack; without this Python dies on the spot and runs no clean-up."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    previous = signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _explain_full_disk(error: BaseException, path: Path) -> None:
    """Raise an error that names ``path`` and what to do if ``error`` says that the disk, or a quota, is full.

    Python's own errors carry the system's number; the libraries in Rust (safetensors, tokenizers) have exceptions of
    their own, whose text ends in it.
    """
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        if (isinstance(error, OSError) and error.errno == number) or f"(os error {number})" in str(error):
            reason = os.strerror(number).lower()
            raise OSError(f"{path} could not be written: {reason}; free some space or choose another disk") from error


def _exit(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signum)


def _umask() -> int:
    """The process's mask of permissions withheld from new files; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
