"""What ``fcotvl data ocr`` does: a preset's rows, written as a data set and perhaps uploaded."""

import logging
from difflib import get_close_matches
from pathlib import Path

from ..card import About
from ..packages import require
from ..parts import Part
from ..publish import Writing, missing_shards, push_if_asked, write_dataset
from ..rows import GENERATOR_VERSION
from .presets import PRESETS, Preset

logger = logging.getLogger(__name__)

_DESCRIPTION = """\
{what} Drawn from a seed by [fcotvl-hf](https://arxiv.org/abs/2502.18512)'s generators: each label comes from the same
source as the pixels, so it is exact by construction. Every character was checked to have a glyph in its font."""


def find_preset(name: str) -> Preset:
    """A preset by its name.

    Raises:
        ValueError: there is none of that name; the message names those there are.
    """
    if name not in PRESETS:
        near = get_close_matches(name, PRESETS) or list(PRESETS)
        raise ValueError(f"there is no preset {name!r}; try {', '.join(near)}")
    return PRESETS[name]


def build_ocr_mix(
    out: Path,
    size: int,
    seed: int,
    preset: str,
    writing: Writing = Writing(),
    cluster: str | None = None,
) -> None:
    """Write a data set, or finish one that was begun, and upload it.

    Args:
        out: folder to write.
        size: rows in all.
        seed: another seed, other rows.
        preset: a name in ``PRESETS``.
        writing: how, and what is done with it then.
        cluster: draw by an executor of datatrove, see ``cluster.make_executor``.

    Raises:
        ValueError: there is no such preset, its packages are absent, or ``out`` was begun with other settings.
        OSError: see ``write_dataset`` and ``push_dataset``.
    """
    chosen = find_preset(preset)
    require(chosen.packages)
    about = About(
        name="ocr-mix",
        title=f"OCR mix: {preset}",
        description=_DESCRIPTION.format(what=chosen.what),
        settings={"preset": preset, "size": size, "seed": seed, "generator": GENERATOR_VERSION},
        command=f"fcotvl data ocr --out DIR --size {size} --seed {seed} --preset {preset}",
        languages=chosen.languages,
        configs={name: config.what for name, config in chosen.configs.items()},
        sources=chosen.sources,
    )
    parts = chosen.parts(size, seed)
    if cluster and not _drawn_elsewhere(cluster, out, parts, about):
        return
    write_dataset(out, parts, about, writing)
    push_if_asked(out, writing)


def _drawn_elsewhere(cluster: str, out: Path, parts: list[Part], about: About) -> bool:
    """Let an executor draw; whether it is done, for Slurm's only queues the work."""
    from ..cluster import make_executor

    make_executor(cluster, out, parts, about).run()
    missing = missing_shards(out, parts)
    if missing:
        told = "%d shards to come; when all jobs are done, the same command without --cluster writes the card"
        logger.info(told, len(missing))
    return not missing
