"""Writing one Parquet file with the pictures inside, whole or not at all, and reading what it says about itself."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
from datasets import Features, Image, List, Value
from PIL import Image as Picture
from pyarrow import parquet

from fcotvl_hf.io.atomic import atomic_file

from .facts import Facts
from .parts import Dropped, Row, Shard
from .rendering import encode

logger = logging.getLogger(__name__)

FEATURES = Features(
    {
        "id": Value("string"),
        "images": List(Image()),
        "messages": List(
            {"role": Value("string"), "content": List({"type": Value("string"), "text": Value("string")})}
        ),
        "source": Value("string"),
        "task": Value("string"),
        "meta": Value("string"),
    }
)
"""The columns of every data set of this project; TRL's vision trainers take them as they are."""

GROUP = 32
"""Rows of a row group: what a reader, and the writer, hold in memory at once."""

_FACTS = b"fcotvl_facts"


def write_shard(folder: Path, shard: Shard) -> Facts:
    """Make the rows of a shard and write them.

    The figures go into the file's footer, so that a file tells everything about itself.

    Args:
        folder: of the data set; the configuration's folder in it must exist.
        shard: which.

    Raises:
        OSError: the file cannot be written, or the disk is full.
        ValueError: a row lacks a column.
    """
    facts = Facts()
    schema = FEATURES.arrow_schema
    with (
        atomic_file(folder / shard.path) as unfinished,
        parquet.ParquetWriter(unfinished, schema, write_page_index=True, use_content_defined_chunking=True) as writer,
    ):
        for rows in _groups(_stored(shard, facts)):
            writer.write_table(pyarrow.Table.from_pylist(rows, schema), row_group_size=GROUP)
        writer.add_key_value_metadata({_FACTS: facts.to_json().encode()})
    return facts


def read_facts(path: Path) -> Facts | None:
    """The figures of a finished shard.

    Args:
        path: where it is, if it is there.

    Returns:
        ``None`` if there is no such file, or it is damaged and must be written again.
    """
    if not path.is_file():
        return None
    try:
        return Facts.from_json(parquet.read_metadata(path).metadata[_FACTS].decode())
    except (pyarrow.ArrowInvalid, KeyError):
        logger.warning("%s is damaged; it is written again", path)
        return None


def _stored(shard: Shard, facts: Facts) -> Iterator[dict[str, Any]]:
    """Rows as they are stored, counted on their way."""
    for row in shard.part.rows(shard.indices):
        if isinstance(row, Dropped):
            facts.dropped[row.reason] += 1
            continue
        missing = FEATURES.keys() - row.keys()
        if missing:
            raise ValueError(f"a row of {shard.path} lacks {', '.join(sorted(missing))}")
        files = [_file(image) for image in row["images"]]
        facts.count(row, [size for _, size in files], sum(len(data) for data, _ in files))
        yield {**_columns(row), "images": [{"bytes": data, "path": None} for data, _ in files]}


def _columns(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in FEATURES}


def _file(image: Picture.Image | bytes) -> tuple[bytes, tuple[int, int]]:
    """The picture's file and its width and height in pixels."""
    if isinstance(image, bytes):
        with Picture.open(io.BytesIO(image)) as opened:
            return image, opened.size
    return encode(image), image.size


def _groups(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(row)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group
