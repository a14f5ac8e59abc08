"""Writing a data set: Parquet shards made in parallel, resumed where a killed run stopped, and the card.

A shard's file appears when it is whole, so the files that are there are the state of the work; ``build.json`` says what
they belong to. Rows are pure functions of their indices: the files are the same whatever the number of processes.
"""

import json
import logging
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from fcotvl_hf.eval_harness.progress import shown_progress
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.io.repo_folder import check_folder, contents, name_card, stage
from fcotvl_hf.io.repo_upload import Repository, upload

from .card import About, write_card
from .facts import Facts
from .parts import Part, Shard
from .preview import write_previews
from .shards import read_facts, write_shard

logger = logging.getLogger(__name__)

BUILD = "build.json"
STALE = ("*.parquet",)
"""Shards of an earlier version would be read with the new ones: they go when the folder has them no more."""


@dataclass(frozen=True)
class Writing:
    """How a data set is written, and what is done with it then.

    Args:
        num_proc: how many processes make rows.
        preview: draw a contact sheet of each configuration too.
        push: Hub id to upload to when all is written.
        private: make the repository private.
    """

    num_proc: int = 1
    preview: bool = False
    push: str | None = None
    private: bool = False


def write_dataset(
    out: Path, parts: Sequence[Part], about: About, writing: Writing = Writing()
) -> dict[tuple[str, str], Facts]:
    """Write a data set that ``load_dataset(out, config)`` opens, or finish one that was begun.

    Args:
        out: folder to write: new, empty, or left by a run with the same parts and settings.
        parts: its splits.
        about: what the card says, and the settings that tell data sets apart.
        writing: with how many processes, and whether sheets are drawn; ``push_if_asked`` does the rest.

    Returns:
        (configuration, split) → figures.

    Raises:
        FileExistsError: ``out`` holds something else.
        OSError: the disk is full or cannot be written to; the shards that are there are whole.
        ValueError: ``out`` was begun with other settings, or there is nothing to write.
    """
    claim(out, parts, about)
    for left_over in out.glob("*/.*.part"):
        left_over.unlink(missing_ok=True)
    shards = [shard for part in parts for shard in part.shards()]
    found = {shard: read_facts(out / shard.path) for shard in shards}
    facts = {shard: known for shard, known in found.items() if known is not None}
    missing = [shard for shard in shards if shard not in facts]
    if facts:
        logger.info("%s: %d of %d shards are there already", out, len(facts), len(shards))
    facts.update(_write(out, missing, writing.num_proc))
    totals = {(part.config, part.split): sum((facts[shard] for shard in part.shards()), Facts()) for part in parts}
    write_previews(out, parts, sheets=writing.preview)
    write_card(out, about, totals)
    return totals


def claim(out: Path, parts: Sequence[Part], about: About) -> None:
    """Say what is built in a folder, and see that nothing else is. Several machines may claim it for the same set.

    Args:
        out: the folder; made if need be.
        parts: of the data set.
        about: whose settings tell it from others.

    Raises:
        FileExistsError: there is something else in it.
        ValueError: it was begun with other settings, or there is nothing to write.
    """
    if not sum(part.size for part in parts):
        raise ValueError("a data set without rows: give a larger size")
    sizes = [[part.config, part.split, part.size, len(part.shards())] for part in parts]
    build = json.loads(json.dumps({"name": about.name, "settings": dict(about.settings), "parts": sizes}))
    contents = _contents(out)
    if BUILD in contents:
        begun = read_json(out / BUILD)
        if begun != build:
            raise ValueError(
                f"{out} was begun with other settings ({_difference(begun, build)}); choose another folder"
            )
    elif contents:
        raise FileExistsError(f"{out} exists already and is no data set begun here; choose another name")
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(out / BUILD, json.dumps(build, indent=2, ensure_ascii=False) + "\n")
    for part in parts:
        (out / part.config).mkdir(exist_ok=True)


def work_folder(out: Path) -> Path:
    """Where replies and reports of a data set at ``out`` lie while, and after, it is made."""
    return out.with_name(f"{out.name}.work")


def missing_shards(out: Path, parts: Sequence[Part]) -> list[Shard]:
    """The shards that a data set at ``out`` still lacks."""
    return [shard for part in parts for shard in part.shards() if read_facts(out / shard.path) is None]


def push_if_asked(folder: Path, writing: Writing) -> None:
    """Upload a finished data set where ``writing`` says; see ``push_dataset``."""
    if writing.push:
        push_dataset(folder, writing.push, writing.private)


def push_dataset(folder: Path, repo_id: str, private: bool = False) -> str:
    """Upload a finished data set.

    Args:
        folder: what ``write_dataset`` wrote.
        repo_id: of the data set on the Hub; it is made if need be.
        private: make it for its owner's eyes only.

    Returns:
        Its address.

    Raises:
        FileNotFoundError: the folder has no card, so it is not finished.
        OSError: the Hub cannot be reached, or refuses.
        ValueError: the Hub allows no such name, or the card is broken.
    """
    to = Repository(repo_id, "dataset", private, stale=STALE)
    with tempfile.TemporaryDirectory() as staged:
        stage_dataset(folder, Path(staged), repo_id, link=True)
        return upload(Path(staged), contents(Path(staged)).paths, to, f"Upload {to.id.partition('/')[2]}")


def stage_dataset(folder: Path, out: Path, repo_id: str, link: bool = False) -> None:
    """Write a data set as its repository will hold it, and check that.

    Args:
        folder: what ``write_dataset`` wrote.
        out: folder to write to; give ``atomic_folder``'s, for nothing is renamed here.
        repo_id: what its card is to call it.
        link: leave the shards where they are.

    Raises:
        FileNotFoundError: the folder has no card, so it is not finished.
        ValueError: the card is broken, or something does not belong there.
    """
    stage(folder, check_folder(folder, "dataset").paths, out, link)
    name_card(out, repo_id)


def _contents(out: Path) -> set[str]:
    """Names in a folder that are not hidden, listed once, since others may be at work there; a file counts as one."""
    if not out.exists():
        return set()
    return {path.name for path in out.iterdir() if not path.name.startswith(".")} if out.is_dir() else {out.name}


def _difference(begun: dict[str, object], build: dict[str, object]) -> str:
    old, new = ({**each, **each["settings"]} for each in (begun, build))  # type: ignore[dict-item]
    name = next(name for name in (*new, *old) if name != "settings" and old.get(name) != new.get(name))
    return f"{name} {old.get(name)}, not {new.get(name)}"


def _write(out: Path, shards: Sequence[Shard], num_proc: int) -> dict[Shard, Facts]:
    """Write shards, with the speed on stderr."""
    facts: dict[Shard, Facts] = {}
    start, rows = time.perf_counter(), 0
    total = sum(len(shard.indices) for shard in shards)
    bar = sys.stderr.isatty()
    with shown_progress("rows", total, bar) as advance:
        for shard, facts[shard] in _written(out, shards, num_proc):
            rows += facts[shard].rows
            speed = rows / (time.perf_counter() - start)
            advance(len(shard.indices))
            if not bar:
                logger.info("%s: %d rows, %.1f rows/s so far", shard.path, facts[shard].rows, speed)
    if shards:
        seconds = time.perf_counter() - start
        logger.info("%d rows in %.0f s: %.1f rows/s with %d processes", rows, seconds, rows / seconds, num_proc)
    return facts


def _written(out: Path, shards: Sequence[Shard], num_proc: int) -> Iterator[tuple[Shard, Facts]]:
    if num_proc == 1:
        yield from ((shard, write_shard(out, shard)) for shard in shards)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of other threads
    with ProcessPoolExecutor(num_proc, mp_context=context, initializer=_die_with_parent) as pool:
        futures = {pool.submit(write_shard, out, shard): shard for shard in shards}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _die_with_parent() -> None:
    """End this process when its parent is killed; it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(process: BaseProcess) -> None:
    process.join()
    os._exit(1)
