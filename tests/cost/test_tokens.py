"""The tiles we promise before a run are the tiles the image processor makes, and those of the original InternVL2."""

import json
import random
from pathlib import Path

import pytest

from fcotvl_hf.cost.tokens import Tiling, stride_of_compression, tiling_of, visual_tokens
from fcotvl_hf.modeling import FCoTVLImageProcessor

ORIGINAL = json.loads((Path(__file__).parents[1] / "data" / "tiling.json").read_text())


def test_equals_the_original_implementation() -> None:
    assert len(ORIGINAL) == 400
    for row in ORIGINAL:
        tiling = tiling_of(row["width"], row["height"], tile_size=row["tile_size"], max_tiles=row["max_tiles"])
        assert (tiling.columns, tiling.rows, tiling.tiles) == (row["columns"], row["rows"], row["tiles"]), row


def test_equals_the_image_processor() -> None:
    draw = random.Random(0)
    for _ in range(500):
        width, height = (int(10 ** draw.uniform(0, 4)) for _ in range(2))
        options = {"min_patches": draw.randint(1, 3), "max_patches": draw.choice([1, 3, 4, 6, 12, 24])}
        options["min_patches"] = min(options["min_patches"], options["max_patches"])
        processor = FCoTVLImageProcessor(size={"height": 112, "width": 112}, **options)
        tiling = tiling_of(
            width, height, tile_size=112, min_tiles=options["min_patches"], max_tiles=options["max_patches"]
        )
        assert tiling.tiles == processor.get_number_of_image_patches(height, width), (width, height, options)


def test_thumbnail_only_beside_several_tiles() -> None:
    assert Tiling(1, 1).tiles == 1
    assert Tiling(2, 3).tiles == 7
    assert visual_tokens(Tiling(2, 3).tiles, 64) == 448


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="must be positive, not 0 × 10"):
        tiling_of(0, 10)
    with pytest.raises(ValueError, match="leave no grid"):
        tiling_of(10, 10, min_tiles=7, max_tiles=6)


def test_compression_names_a_stride() -> None:
    assert [stride_of_compression(share) for share in (0.5, 0.75, 0.875, 0.9375)] == [2, 4, 8, 16]
    with pytest.raises(ValueError, match=r"0\.5 \(stride 2\)"):
        stride_of_compression(0.6)
