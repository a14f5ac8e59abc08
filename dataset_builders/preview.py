"""Pictures of what is in a data set: one row of samples for the card, and a contact sheet of each configuration."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageOps
from pyarrow import parquet

from fcotvl_hf.io.atomic import atomic_write

from .fonts import load_font, missing_glyphs
from .parts import Part
from .rendering import break_lines, encode, line_height

PREVIEW = "preview"
"""The folder of contact sheets; the card's picture lies beside it, with the suffix ``.png``."""

_CELL, _GAP, _COLUMNS, _SAMPLES = 420, 16, 4, 12
_FACE, _CHINESE_FACE, _SIZE, _LINES = "DejaVuSans", "NotoSansSC-Regular", 13, 3


def write_previews(out: Path, parts: Sequence[Part], sheets: bool) -> None:
    """Draw ``preview.png``, the first sample of each configuration; and a sheet of each in ``preview/`` if asked for.

    Args:
        out: folder of a data set whose shards are written.
        parts: its splits.
        sheets: draw the sheets too.
    """
    firsts = {part.config: part for part in reversed(parts)}  # the first part of each configuration
    samples = {config: _first_rows(out, part, _SAMPLES if sheets else 1) for config, part in sorted(firsts.items())}
    atomic_write(out / f"{PREVIEW}.png", encode(contact_sheet([rows[0] for rows in samples.values() if rows])))
    if sheets:
        (out / PREVIEW).mkdir(exist_ok=True)
        for config, rows in samples.items():
            atomic_write(out / PREVIEW / f"{config}.png", encode(contact_sheet(rows)))


_LONG = re.compile(r"([!-~]{28})(?=[!-~])")
"""Latin characters without a space, such as HTML, that are broken to stay in their column."""


def contact_sheet(rows: Sequence[dict[str, Any]]) -> Image.Image:
    """The first picture of each row with what is said about it.

    Args:
        rows: as they are stored, pictures as ``{"bytes": …}``.
    """
    step = line_height(load_font(_FACE, _SIZE)) + 2
    caption = step * _LINES
    columns = min(_COLUMNS, max(1, len(rows)))
    lines = -(-len(rows) // columns)
    width, height = _CELL + _GAP, _CELL + caption + 2 * _GAP
    sheet = Image.new("RGB", (columns * width + _GAP, lines * height + _GAP), (225, 228, 232))
    draw = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        left, top = _GAP + number % columns * width, _GAP + number // columns * height
        with Image.open(io.BytesIO(row["images"][0]["bytes"])) as image:
            sheet.paste(ImageOps.contain(image.convert("RGB"), (_CELL, _CELL)), (left, top))
        said = " | ".join(_text(message) for message in row["messages"])[:400]
        said = _LONG.sub(r"\1 ", said)
        font = load_font(_CHINESE_FACE if missing_glyphs(said, (_FACE,)) else _FACE, _SIZE)
        for line, text in enumerate(break_lines(said, font, _CELL)[:_LINES]):
            draw.text((left, top + _CELL + 4 + line * step), text, "black", font)
    return sheet


def _first_rows(out: Path, part: Part, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for shard in part.shards():
        for batch in parquet.ParquetFile(out / shard.path).iter_batches(count, columns=["images", "messages"]):
            rows += batch.to_pylist()
            if len(rows) >= count:
                return rows[:count]
    return rows


def _text(message: dict[str, Any]) -> str:
    return " ".join(" ".join((block["text"] or "").split()) for block in message["content"] if block["text"])
