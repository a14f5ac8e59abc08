"""A cost report for the terminal, readable at 80 columns."""

from collections.abc import Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from .report import Cost, ImageCost, Report

WIDTH = 80
"""Characters that the table needs at least."""
BYTES = ("B", "KiB", "MiB", "GiB", "TiB")
"""Units of memory, 1024 of one make the next."""
DECIMAL = ("", "k", "M", "G", "T", "P", "E")
"""Prefixes of large numbers, 1000 of one make the next."""
NOTES = (
    "KV cache: of the whole prompt, in {kv_dtype}. ViT and prefill: FLOPs = 2 × multiply-adds, T = 10¹². Exact "
    "prefill: grouped queries, gated FFN, full L × L attention; standard: 4Ld² + 2L²d + 2Ldm multiply-adds a layer. "
    "Compressor and projector, a few per cent of the ViT, are left out."
)


def render(counted: Report) -> Group:
    """The report as a headline, a table with one block per picture, and its conventions."""
    headline = (
        f"{counted.model}: {counted.tokens_per_tile} tokens a tile of {counted.tile_size} px, at most "
        f"{counted.max_tiles} tiles + 1, {counted.text_tokens} text tokens"
    )
    return Group(Text(headline), _table(counted), Text(NOTES.format(kv_dtype=counted.kv_dtype)))


def _table(counted: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("\nimage", overflow="fold")
    for heading in ("\nstride", "\ntokens", "\nKV cache", "\nViT", "prefill\nexact", "\nstandard"):
        table.add_column(heading, justify="right", no_wrap=True)
    for image in counted.images:
        table.add_row(*_block(_describe(image), image.costs), end_section=True)
    if len(counted.images) > 1:
        several = f"{len(counted.images)} images, {counted.tiles} tiles"
        table.add_row(*_block(f"{several}\none prompt each", counted.separately), end_section=True)
        table.add_row(*_block(f"{several}\nin one prompt", counted.together))
    return table


def _describe(image: ImageCost) -> str:
    grid = f"{image.columns} × {image.rows} + 1 = {image.tiles} tiles" if image.tiles > 1 else "1 tile"
    return f"{image.image}\n{image.width} × {image.height} px\n{grid}"


def _block(title: str, costs: Sequence[Cost]) -> list[Text]:
    """The cells of a picture: one line per stride in each."""
    columns = zip(*(_figures(cost) for cost in costs), strict=True)
    return [Text(title), *(Text("\n".join(column)) for column in columns)]


def _figures(cost: Cost) -> tuple[str, ...]:
    return (
        str(cost.stride),
        f"{cost.visual_tokens:,}",
        with_unit(cost.kv_bytes, 1024, BYTES),
        *(
            with_unit(flops, 1000, DECIMAL)
            for flops in (cost.vision_flops, cost.language_flops, cost.language_flops_standard)
        ),
    )


def with_unit(amount: int, step: int, units: Sequence[str]) -> str:
    """An amount in the largest unit that leaves at least 1 before the point, with three digits.

    Args:
        amount: in the first unit.
        step: how many of a unit make one of the next.
        units: from small to large.
    """
    scaled, last = float(amount), len(units) - 1
    place = 0
    while scaled >= step and place < last:
        scaled, place = scaled / step, place + 1
    decimals = 0 if place == 0 or scaled >= 99.95 else 1 if scaled >= 9.995 else 2
    return f"{scaled:.{decimals}f} {units[place]}".rstrip()
