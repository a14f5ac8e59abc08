"""The two steps compute the same loss, and what the benchmark prints follows from what it measured."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fcotvl_hf.cost.shapes import Shape, TextShape, VisionShape

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = Shape("small", TextShape(32, 64, 2, 4, 2, 128), VisionShape(32, 64, 2, 2, (112, 112)))


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, ModuleType]]:
    """The script, and its part that needs torch."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    names = ("distill_step", "distill_steps")
    yield tuple(importlib.import_module(name) for name in names)
    for name in names:
        sys.modules.pop(name)


def test_both_steps_take_the_same_step(scripts) -> None:
    losses, weights, logits = [], [], []
    for name in ("ours", "obvious"):
        step, size, most = scripts[1].prepare(name, SMALL.with_layers(1), (2, 1), 2, 20)
        losses.append([step(), step()])
        weights.append(size)
        logits.append(most())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert losses[0][0] != losses[0][1]  # the optimizer changed something
    assert weights[0] < weights[1] < 2 * weights[0]  # only the teacher lacks the compressor
    visual, answer, vocabulary = 3 * 16, 20, 128
    assert logits[0] == answer * vocabulary * 4  # of one model at a time
    assert logits[1] > (visual + visual // 2) * vocabulary * 4


def test_summary_and_extrapolation(scripts) -> None:
    sizes = {"loss": 1.0, "weights": 2, "logits": 1}
    records = [
        {"step": step, "layers": layers, "seconds": seconds * layers + extra, "peak": peak * layers, **sizes}
        for step, seconds, extra, peak in (("ours", 2.0, 1.0, 4), ("obvious", 4.0, 3.0, 8))
        for layers in (1, 2)
        for _ in range(3)
    ]
    few, more = (scripts[0].summarise(records, layers) for layers in (1, 2))
    assert few["speedup"] == 7 / 3
    assert few["memory"] == 0.5
    assert few["ours"]["rest"] == 1
    assert more["memory"] == 0.5
    whole = scripts[0].extrapolate(few, more)
    assert whole["ours"]["seconds"] == 24 * 2 + 1
    assert (whole["ours"]["peak"], whole["memory"]) == (24 * 4, 0.5)
    assert whole["speedup"] == pytest.approx((24 * 4 + 3) / (24 * 2 + 1))
    shown = scripts[0].table([few, more, whole]).splitlines()
    assert len(shown) == 1 + 3 * 3
    assert shown[3].strip() == "2.33 × faster, 0.50 × the peak memory"
