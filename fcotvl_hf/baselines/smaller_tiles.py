"""Smaller tiles: the same grid of tiles at a lower resolution, the cheapest way to spend fewer visual tokens.

A tile of k tokens a side costs k² tokens, so few counts can be met exactly: at 128 of 256 tokens, k would be 11.3.
Rows therefore get one of the two nearest tile sizes in turns, such that the mean count is met. InternVL's vision tower
interpolates its position embeddings to any tile size.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.io.images import read_size
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLImageProcessor, FCoTVLProcessor

from .sharing import reduced_length, with_tokens


class SmallerTiles(FCoTVLImageProcessor):
    """Cuts a page into the grid that tiles of ``grid_size`` pixels would give, but into tiles of ``size`` pixels.

    Tiling by the smaller size alone would choose finer grids for small pages and spend more tokens, not fewer.
    """

    grid_size: int = 448

    def get_number_of_image_patches(self, height: int, width: int, images_kwargs: dict[str, Any] | None = None) -> int:
        """Number of tiles, thumbnail included, of an image of ``height`` × ``width`` pixels."""
        grid = {"patch_size": {"height": self.grid_size, "width": self.grid_size}}
        return super().get_number_of_image_patches(height, width, {**(images_kwargs or {}), **grid})

    def crop_image_to_patches(
        self, image: np.ndarray, min_patches: int, max_patches: int, *args: Any, **kwargs: Any
    ) -> list[np.ndarray]:
        """Cut ``image`` (``[3, height, width]``) into tiles and a thumbnail."""
        limits = {"min_patches": min_patches, "max_patches": max_patches}
        _, height, width = image.shape
        count = self.get_number_of_image_patches(height, width, limits)
        tiles = max(1, count - 1)  # without the thumbnail
        return super().crop_image_to_patches(image, tiles, tiles, *args, **kwargs)


def smaller_tiles(
    teacher: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, rows: Iterable[Row], stride: int
) -> tuple[FCoTVLForConditionalGeneration, dict[str, FCoTVLProcessor]]:
    """Give every row one of two smaller tile sizes, so that a tile costs N / stride tokens on average.

    The rows are taken in their order, each time with the size that brings the running mean nearest to the target, so
    that every stretch of rows is matched, whatever its task.

    Args:
        teacher: a model of stride 1; used as it is.
        processor: its processor; not changed.
        rows: the rows that will be evaluated.
        stride: divides the teacher's token count.

    Returns:
        The teacher and, for each row id, the processor to use. The mean number of tokens is met but for what one row
        costs; the runner counts it (``TaskResult.tokens_per_image``).

    Raises:
        ValueError: the teacher is compressed already, or the stride does not divide its tokens.
    """
    target = reduced_length(teacher, stride)
    side = math.isqrt(target)
    small, large = (_with_side(processor, teacher.config, side + extra) for extra in (0, 1))
    chosen: dict[str, FCoTVLProcessor] = {}
    surplus = 0  # tokens spent so far beyond the target
    for row in rows:
        tiles = sum(_tiles(small, *read_size(image)) for image in row["images"])
        over, under = ((matching.image_seq_length - target) * tiles for matching in (large, small))
        take_large = abs(surplus + over) < abs(surplus + under)
        chosen[row["id"]] = large if take_large else small
        surplus += over if take_large else under
    return teacher, chosen


def _with_side(processor: FCoTVLProcessor, config: FCoTVLConfig, side: int) -> FCoTVLProcessor:
    """A processor for tiles of ``side`` × ``side`` visual tokens."""
    whole = processor.image_processor.size["height"]
    pixels = whole // config.tokens_per_row * side
    matching = with_tokens(processor, side * side)
    matching.image_processor = SmallerTiles.from_dict(processor.image_processor.to_dict())
    matching.image_processor.size = {"height": pixels, "width": pixels}
    matching.image_processor.grid_size = whole
    return matching


def _tiles(processor: FCoTVLProcessor, width: int, height: int) -> int:
    return processor.image_processor.get_number_of_image_patches(height, width)
