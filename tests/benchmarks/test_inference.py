"""The record of inference: both attentions agree, nothing is measured twice, the verdict is what was measured."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from fcotvl_hf.cost.shapes import SHAPES, Shape, TextShape, VisionShape

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = Shape("small", TextShape(32, 64, 2, 4, 2, 128), VisionShape(32, 64, 2, 2, (112, 112)))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setitem(SHAPES, "small", SMALL)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("inference")
    sys.modules.pop("inference")


@pytest.mark.parametrize("causal", [True, False])
def test_attention_with_its_map_is_the_same_attention(script, causal) -> None:
    torch.manual_seed(0)
    inputs = [torch.randn(2, 3, 17, 8) for _ in range(3)]
    torch.testing.assert_close(script.with_map(*inputs, causal), script.fused(*inputs, causal))


def test_a_map_costs_memory(script) -> None:
    vision, language = script.attention_maps(SHAPES["internvl2-2b"], 1, 1, torch.device("cpu"))
    assert (vision["size"], language["size"]) == ([1, 16, 1025, 64], [1, 16, 336, 128])
    if sys.platform == "linux":
        grown = vision["with_map"]["peak"] - vision["fused"]["peak"]
        assert grown > 0.95 * 16 * 1025**2 * 4  # some of it may lie in memory that the process had already
    assert vision["with_map"]["cpu"] > 0


def test_records_are_made_once(script, tmp_path, capsys) -> None:
    call = ["--out", str(tmp_path), "--shapes", "small", "--tiles", "1", "--repeats", "1", "--warm-up", "0"]
    call += ["--new-tokens", "1", "--reduce", "random:0.5"]
    script.main(call)
    shown = capsys.readouterr().out
    record = json.loads((tmp_path / "small.json").read_text())
    assert [entry["name"] for entry in record["results"][0]["contenders"]] == ["small", "50 %", "75 %", "random:0.5"]
    assert shown.count("× faster") == 3 and "small, 1 tiles, vision tower" in shown
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    script.main(call)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times
    assert capsys.readouterr().out == shown


def test_verdict_compares_with_the_flop_model_on_the_right_clock(script) -> None:
    entry = {"name": "50 %", "speedup": 1.0, "speedup_cpu": 1.9, "speedup_predicted": 2.0}
    record = {"shape": "small", "device": "cpu", "results": [{"tiles": 7, "contenders": [{}, entry]}]}
    (line,) = script.verdict(record)
    assert line == "small, 7 tiles, 50 %: 1.90 × faster, 0.95 × the FLOP model's 2.00: at least 0.9"
    (line,) = script.verdict({**record, "device": "cuda:0"})
    assert line == "small, 7 tiles, 50 %: 1.00 × faster, 0.50 × the FLOP model's 2.00: below 0.9"
