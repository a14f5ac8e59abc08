"""The harness's overhead: parts add up, nested parts count once, and nothing stays patched."""

import importlib
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fcotvl_hf.eval_harness import runner

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("eval_overhead")
    sys.modules.pop("eval_overhead")


def _work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_part_stands_still_while_another_runs_inside_it(script: ModuleType) -> None:
    watch = script.Stopwatch()
    inner = watch.timed("inner", _work)
    with watch.running("outer"):
        _work(0.02)
        inner(0.05)
        inner(0.05)
    assert 0.1 <= watch.seconds["inner"] < 0.2
    assert 0.02 <= watch.seconds["outer"] < 0.1


def test_an_evaluation_is_taken_apart(script: ModuleType, session_teacher) -> None:
    before = runner.load_image
    started = time.process_time()
    seconds = script.measure(session_teacher, script.rows(4, 112), batch_size=2, new_tokens=4)
    assert sum(seconds.values()) <= time.process_time() - started
    assert set(seconds) == {*script.PARTS, "rest"}
    assert all(taken >= 0 for taken in seconds.values()) and seconds["generate"] > 0
    assert runner.load_image is before
    assert script.overhead({"generate": 3, "tiles": 1, "scores": 0.5, "rest": 0.5}) == 0.2
    assert "overhead" in script.table(seconds)


def test_the_documented_commands_are_understood(script: ModuleType) -> None:
    page = (BENCHMARKS.parent / "docs" / "evaluation.md").read_text()
    commands = re.findall(r"^python benchmarks/eval_overhead.py (.*)$", page, re.MULTILINE)
    first, second = (script.make_parser().parse_args(command.split()) for command in commands)
    assert (first.shape, first.layers, first.batch_size) == ("internvl2-2b", 2, 8)
    assert second.model == "tiny" and second.batch_size == 8
