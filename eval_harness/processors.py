"""Which processor cuts a row into tiles, under a task's limit of tiles."""

import copy
from collections.abc import Mapping
from typing import TypeAlias

from fcotvl_hf.modeling import FCoTVLProcessor

Processors: TypeAlias = FCoTVLProcessor | Mapping[str, FCoTVLProcessor]
"""One processor for all rows, or row id → processor where rows are cut into tiles of different sizes."""

Tiling: TypeAlias = dict[str, int]


class Tilings:
    """The processor of each row.

    Args:
        processors: the model's; not changed.
        max_tiles: most tiles of an image beside the thumbnail, instead of the processors' own limit.
    """

    def __init__(self, processors: Processors, max_tiles: int | None) -> None:
        by_row = processors if isinstance(processors, Mapping) else {}
        everybody = [processors] if isinstance(processors, FCoTVLProcessor) else by_row.values()
        cut = {id(processor): with_tile_limit(processor, max_tiles) for processor in everybody}
        self._by_row = {name: cut[id(processor)] for name, processor in by_row.items()}
        self._common = cut[id(processors)] if isinstance(processors, FCoTVLProcessor) else None
        self.distinct = [_tiling(processor) for processor in cut.values()]

    def __getitem__(self, row: str) -> FCoTVLProcessor:
        return self._by_row[row] if self._common is None else self._common

    def settings(self, row: str) -> Tiling:
        """What decides the visual tokens of a row's pages."""
        return _tiling(self[row])


def with_tile_limit(processor: FCoTVLProcessor, max_tiles: int | None) -> FCoTVLProcessor:
    """A processor that cuts images into no more tiles.

    Args:
        processor: not changed.
        max_tiles: most tiles of an image beside the thumbnail; ``None`` gives the processor itself.
    """
    if max_tiles is None:
        return processor
    cut = copy.copy(processor)
    cut.image_processor = copy.copy(processor.image_processor)
    cut.image_processor.max_patches = max_tiles
    return cut


def _tiling(processor: FCoTVLProcessor) -> Tiling:
    tiles = processor.image_processor
    return {
        "tile": tiles.size["height"],
        "min_patches": tiles.min_patches,
        "max_patches": tiles.max_patches,
        "tokens_per_tile": processor.image_seq_length,
    }
