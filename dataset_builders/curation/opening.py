"""Opening a data set that is there, with its pictures as files rather than pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Origin:
    """A split of a data set, in a folder or on the Hub; it pickles, and each process opens it once.

    Args:
        path: a folder or Hub id.
        config: its configuration, if it has several.
        split: which.
        revision: commit or branch, on the Hub.
    """

    path: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None

    @property
    def name(self) -> str:
        """Path and configuration."""
        return f"{self.path}/{self.config}" if self.config else self.path


def open_rows(origin: Origin, columns: Sequence[str]) -> Any:
    """The rows as a ``datasets.Dataset``, which is read from disk as it is indexed.

    Args:
        origin: which.
        columns: those it has to have; pictures are in ``image`` or ``images``.

    Raises:
        OSError: it cannot be loaded.
        ValueError: it lacks a column.
    """
    data = _opened(origin)
    missing = [name for name in columns if name not in data.column_names]
    if missing:
        raise ValueError(f"{origin.name} lacks the column {missing[0]!r}; it has {', '.join(data.column_names)}")
    return data


@cache
def _opened(origin: Origin) -> Any:
    from datasets import Image, List, load_dataset

    try:
        data = load_dataset(origin.path, origin.config, split=origin.split, revision=origin.revision)
    except (OSError, ValueError) as error:
        raise OSError(f"{origin.name} cannot be loaded: {' '.join(str(error).split())}") from error
    if "images" in data.column_names:
        data = data.cast_column("images", List(Image(decode=False)))
    return data.cast_column("image", Image(decode=False)) if "image" in data.column_names else data


def image_bytes(image: dict[str, Any]) -> bytes:
    """The file of a picture as ``open_rows`` gives it.

    Raises:
        OSError: it lies in a file that cannot be read.
    """
    data: bytes | None = image["bytes"]
    if data is not None:
        return data
    with open(image["path"], "rb") as file:
        return file.read()
