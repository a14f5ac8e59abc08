"""Opening a data set that is there, with its pictures as files rather than pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fcotvl_hf.io.images import load_image


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


def image_bytes(image: Mapping[str, Any] | None) -> bytes:
    """The file of a picture as ``open_rows`` gives it.

    Raises:
        ValueError: there is none, its file is missing, or it cannot be decoded.
    """
    if not image:
        raise ValueError("there is no picture")
    try:
        data: bytes = Path(image["path"]).read_bytes() if image["bytes"] is None else image["bytes"]
    except OSError as error:
        raise ValueError(f"the picture {image['path']} cannot be read") from error
    load_image(data)
    return data
