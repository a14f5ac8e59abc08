"""Fewer tiles: the same page cut into fewer of them, the saving that InternVL offers by itself (``max_patches``).

A page's tokens change in steps of whole tiles, so rows get their limits in turns, such that the mean count is met where
pages have tiles to spare. A page of one tile keeps it.
"""

import logging
from collections.abc import Iterable

from fcotvl_hf.eval_harness.processors import with_tile_limit
from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.io.images import read_size
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .sharing import reduced_length

logger = logging.getLogger(__name__)

TOLERANCE = 0.05
"""How far the mean count may be from the target before it is said."""


def fewer_tiles(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, rows: Iterable[Row], keep: float
) -> tuple[FCoTVLForConditionalGeneration, dict[str, FCoTVLProcessor]]:
    """Give every row a limit of tiles, so that ``keep`` of all tiles are left.

    The rows are taken in their order, each time with the limit that brings the running sum nearest to the target.

    Args:
        teacher: a model of stride 1; used as it is.
        processor: its processor; not changed.
        rows: the rows that will be evaluated.
        keep: share of the tiles.

    Returns:
        The teacher and, for each row id, the processor to use. Where too many pages have one tile, more tokens than
        wanted are spent; a warning says so, and the runner counts (``TaskResult.tokens_per_image``).

    Raises:
        ValueError: the teacher is compressed already.
    """
    reduced_length(teacher, 1)
    limits = range(processor.image_processor.min_patches, processor.image_processor.max_patches + 1)
    cut = {limit: with_tile_limit(processor, limit) for limit in limits}
    chosen: dict[str, FCoTVLProcessor] = {}
    surplus, total = 0.0, 0  # tiles spent so far beyond the target, and in full
    for row in rows:
        sizes = [read_size(image) for image in row["images"]]
        tiles = {limit: _tiles(limited, sizes) for limit, limited in cut.items()}
        full = tiles[limits[-1]]
        limit = min(limits, key=lambda each: abs(surplus + tiles[each] - keep * full))
        chosen[row["id"]] = cut[limit]
        surplus, total = surplus + tiles[limit] - keep * full, total + full
    if abs(surplus) > TOLERANCE * keep * total:
        logger.warning(
            "fewer tiles leave %.2f of the tokens, not %.2f: pages have no more to spare", keep + surplus / total, keep
        )
    return teacher, chosen


def _tiles(processor: FCoTVLProcessor, sizes: Iterable[tuple[int, int]]) -> int:
    count = processor.image_processor.get_number_of_image_patches
    return sum(count(height, width) for width, height in sizes)
