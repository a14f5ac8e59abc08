"""A compressor's cost is what its matrix products come to by hand."""

import pytest

from fcotvl_hf.eval_harness.compressor_cost import compressor_tile
from fcotvl_hf.modeling import FCoTVLConfig

TOKENS, WIDTH = 256, 4096  # of an InternVL2 tile after the pixel shuffle


@pytest.mark.parametrize(
    ("kind", "stride", "groups", "multiply_adds"),
    [
        ("none", 1, 1, 0),
        ("mean", 4, 1, 0),
        ("conv1d", 2, 1, TOKENS * WIDTH**2),  # each token meets one square matrix
        ("conv1d", 4, 1, TOKENS * WIDTH**2),
        ("conv2d", 4, 4, TOKENS * WIDTH**2 // 4),
        # key and value of each token, output of each query; q·k and weights·v
        ("qformer", 4, 1, (2 * TOKENS + TOKENS // 4) * WIDTH**2 + 2 * (TOKENS // 4) * TOKENS * WIDTH),
    ],
)
def test_multiply_adds_of_a_tile_of_internvl2(kind: str, stride: int, groups: int, multiply_adds: int) -> None:
    config = FCoTVLConfig(compressor_type=kind, compressor_stride=stride, compressor_groups=groups)
    assert compressor_tile(config) == multiply_adds
