"""A task's rows, from the Hub or from Parquet files with the same columns, read as they are needed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from .rows import Row
from .tasks.task import Columns, Source, Task, is_commit


@dataclass(frozen=True)
class LoadedRows:
    """Rows that are read when they are iterated over, once.

    Args:
        rows: the rows.
        count: how many there are, if that can be known without reading them.
        revision: the commit of the data set on the Hub they are read from, if that is known.
    """

    rows: Iterator[Row]
    count: int | None
    revision: str | None = None


def load_rows(task: Task, data_root: Path | None = None, limit: int | None = None) -> LoadedRows:
    """Open a task's rows; the first one is read at once, so that what is wrong with them is found before a model asks.

    Args:
        task: the task.
        data_root: folder with a copy of the data, see ``local_files``; the Hub, or its cache where ``HF_HUB_OFFLINE``
            is set, if ``None``.
        limit: take the first rows only.

    Raises:
        FileNotFoundError: the folder has no files for the task, or the task's rows are on no Hub.
        OSError: the Hub cannot be reached or does not have the data, or its cache holds another commit.
        ValueError: columns are missing, or there are no rows.
    """
    source, revision = task.source, None
    if data_root is not None:
        files = local_files(task, data_root)
        count: int | None = sum(map(_count, files))
        where = str(files[0].parent)
        columns = _parquet(files) if count else iter(())  # datasets cannot read an empty file
    elif source.dataset is not None:
        where = f"{source.dataset}, split {source.split},"
        columns, count, revision = _hub(task.name, source.dataset, source)
    else:
        raise FileNotFoundError(f"the rows of {task.name} are on no Hub; give a folder that has them with --data-root")
    rows = _rows(source, columns, where, task.name)
    first = next(rows, None)
    if first is None:
        raise ValueError(f"{where} has no rows for {task.name}")
    known = None if count is None or source.keep else min(count, limit or count)
    return LoadedRows(islice(chain([first], rows), limit), known, revision)


def local_files(task: Task, data_root: Path) -> list[Path]:
    """The Parquet files of a task in a folder.

    Looked for are ``<task>.parquet``; then files anywhere below a folder named like the task or like the Hub's data set
    (``lmms-lab/DocVQA``), which is what ``hf download`` makes. Where folders or files are named like the configuration
    or the split, only these are taken.

    Args:
        task: the task.
        data_root: the folder.

    Raises:
        FileNotFoundError: there are none.
    """
    source = task.source
    single = data_root / f"{task.name}.parquet"
    if single.is_file():
        return [single]
    folders = [data_root / name for name in (task.name, source.dataset, source.config) if name]
    for folder in folders:
        files = sorted(folder.rglob("*.parquet"))
        files = _named(files, folder, source.config)
        files = _named(files, folder, source.split)
        if files:
            return files
    places = " or ".join(str(place) for place in [single, *folders])
    raise FileNotFoundError(f"there are no Parquet files for {task.name}; they may be at {places}")


def _named(files: list[Path], folder: Path, name: str | None) -> list[Path]:
    """The files whose path has ``name`` as a part, or begins a part with it (``test-00000-of-00001``); else all."""
    if name is None:
        return files
    part = re.compile(rf"{re.escape(name)}(?![A-Za-z0-9_])")
    return [path for path in files if any(part.match(each) for each in path.relative_to(folder).parts)] or files


def _parquet(files: list[Path]) -> Iterator[Columns]:
    from datasets import load_dataset

    data = load_dataset("parquet", data_files=[str(path) for path in files], split="train", streaming=True)
    return iter(data.decode(False))


def _count(path: Path) -> int:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_metadata

    try:
        rows: int = read_metadata(path).num_rows
    except ArrowInvalid as error:
        raise ValueError(f"{path} is no Parquet file, or a damaged one: {error}") from error
    return rows


def _hub(task: str, dataset: str, source: Source) -> tuple[Iterator[Columns], int | None, str | None]:
    """Stream from the Hub; offline, read what an earlier ``load_dataset`` left in the cache.

    Returns:
        The columns of each row, the number of rows, and the commit they come from; the latter two if they are known.
    """
    from datasets import config, load_dataset_builder

    try:
        builder = load_dataset_builder(dataset, source.config, revision=source.revision)
        if config.HF_HUB_OFFLINE:
            data = builder.as_dataset(source.split).to_iterable_dataset()
        else:
            data = builder.as_streaming_dataset(source.split)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise OSError(
            f"{task}: {dataset} cannot be loaded ({reason}); give a folder that has it with --data-root"
        ) from error
    commit = _commit(builder)
    if is_commit(source.revision) and commit not in (None, source.revision):  # offline, datasets takes what it has
        raise OSError(f"{task}: the cache holds {dataset} at {commit}, not at {source.revision}; go online, or name it")
    known = (builder.info.splits or {}).get(source.split)
    return iter(data.decode(False)), known.num_examples if known else None, commit


def _commit(builder: Any) -> str | None:
    """The commit that a builder of ``datasets`` reads: in its address on the Hub, or the name of its cache's folder."""
    names = [(builder.base_path or "").partition("@")[2].partition("/")[0], builder.hash or ""]
    return next(filter(is_commit, names), None)


def _rows(source: Source, columns: Iterator[Columns], where: str, task: str) -> Iterator[Row]:
    """Rows of those columns that the task keeps."""
    for number, row in enumerate(columns):
        missing = [name for name in source.columns if name not in row]
        if missing:
            raise ValueError(f"{where} lacks {_list(missing)} that {task} needs; it has {_list(row)}")
        if source.keep is None or source.keep(row):
            made = source.row(row, number)
            yield {**made, "images": [_encoded(image) for image in made["images"]]}


def _encoded(image: Any) -> Any:
    """The bytes of an image file, whichever way a data set holds it."""
    if not isinstance(image, dict):
        return image
    return image["bytes"] if image["bytes"] is not None else Path(image["path"]).read_bytes()


def _list(names: Any) -> str:
    return ", ".join(map(str, names))
