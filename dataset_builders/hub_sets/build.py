"""What ``fcotvl data hub`` does: rows of public sets, copied into our columns with their licences."""

from collections.abc import Sequence
from pathlib import Path

from ..card import About, Source
from ..parts import Part
from ..publish import Writing, push_if_asked, write_dataset
from .catalogue import find_set
from .rows import Streamed, resolve_revision


def build_hub_sets(
    out: Path,
    names: Sequence[str],
    size: int,
    writing: Writing = Writing(),
    *,
    revision: str | None = None,
    data_root: Path | None = None,
) -> None:
    """Copy the first rows of public sets, one configuration for each set.

    Args:
        out: folder to write.
        names: of sets in the catalogue.
        size: rows to read of each set.
        writing: how, and what is done with it then. Each process reads past what others have, so more than one only
            help with many sets.
        revision: of the set, if there is but one.
        data_root: a folder with copies of the sets instead of the Hub.

    Raises:
        OSError: a set cannot be read, or the folder cannot be written to.
        ValueError: a set is unknown, or may not be passed on and an upload is asked for.
    """
    chosen = {name: find_set(name) for name in names}
    kept = [name for name, each in chosen.items() if not each.redistributable]
    if writing.push and kept:
        raise ValueError(f"{', '.join(kept)} may be downloaded, but not passed on; leave --push away")
    revisions = {name: "local copy" if data_root else resolve_revision(name, revision) for name in chosen}
    about = About(
        name="hub-sets",
        title="Public sets as conversations",
        description="Rows of public data sets in the columns of fcotvl-hf. Each keeps its licence.",
        settings={"sets": list(names), "size": size, "revisions": revisions},
        command=f"fcotvl data hub --out DIR --size {size} --sets {','.join(names)}",
        licence="other",
        tags=("fcot-vl",),
        configs={name: f"{each.id}, split {each.split}: {each.task}" for name, each in chosen.items()},
        sources=[
            Source(each.id, each.licence, f"`{name}`, revision {revisions[name]}", each.redistributable)
            for name, each in chosen.items()
        ],
    )
    parts = [Part(name, each.split, size, Streamed(name, revisions[name], data_root)) for name, each in chosen.items()]
    write_dataset(out, parts, about, writing)
    push_if_asked(out, writing)
