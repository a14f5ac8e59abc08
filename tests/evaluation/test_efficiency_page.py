"""docs/efficiency.md: the table of what to expect is what the FLOP model and the paper say."""

from pathlib import Path

import pytest

from fcotvl_hf.cost.flops import prefill
from fcotvl_hf.cost.shapes import SHAPES
from fcotvl_hf.eval_harness.compressor_cost import compressor_tile
from fcotvl_hf.evaluation.paper import paper_speedups
from fcotvl_hf.hub.random_weights import shape_config

PAGE = (Path(__file__).parents[2] / "docs" / "efficiency.md").read_text()


@pytest.mark.parametrize("size", ["2b", "8b"])
def test_what_to_expect(size: str) -> None:
    name = f"internvl2-{size}"
    costs = []
    for stride in (1, 2, 4):
        config = shape_config(SHAPES[name].at_stride(stride), image_token_id=0)
        costs.append(prefill(config, 13, 80, causal=True, compressor_tile=compressor_tile(config)))
    teacher, *students = costs
    figures = [f"{100 * teacher.vision / teacher.total:.0f} %"]
    figures += [f"{teacher.total / student.total:.2f}" for student in students]
    figures += [f"{teacher.language / student.language:.2f}" for student in students]
    for compression in (0.5, 0.75):
        figures.append(", ".join(f"{ratio:.2f}" for ratio in paper_speedups(name, compression)))
    assert f"| InternVL2-{size.upper()} | {' | '.join(figures)} |" in PAGE
