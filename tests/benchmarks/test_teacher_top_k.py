"""The table is what the trainer computes: a cut loses something, less with every token that is kept."""

import copy
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from fcotvl_hf.conversion.student import build_student

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("teacher_top_k")
    sys.modules.pop("teacher_top_k")


def test_more_tokens_lose_less(script, session_teacher) -> None:
    teacher, processor = copy.deepcopy(session_teacher)
    student = build_student(teacher, "conv1d", 2)
    processor.image_seq_length = 8
    whole, *cut = (script.divergence(student, processor, teacher, k, 2, 0) for k in (None, 1, 16, 100))
    losses, gradients = zip(*(script.lost(whole, each) for each in cut), strict=True)
    assert 1 > losses[0] > losses[1] > losses[2] > 0
    assert gradients[0] > gradients[1] > gradients[2] > 0
    assert script.lost(whole, whole) == (0, 0)


def test_table(script) -> None:
    half = (0.5, torch.tensor([3.0, 0.0]), 9)
    whole = (1.0, torch.tensor([3.0, 4.0]), 9)
    shown = script.table([1, 2], ["a", "b"], [[script.lost(whole, half), (0.00021, 0)], [(0.1, 0.2), (0, 0)]])
    assert (
        shown.splitlines()[0] == "| k | divergence lost: a | divergence lost: b | gradient off: a | gradient off: b |"
    )
    assert shown.splitlines()[2:] == ["| 1 | 50 % | 10 % | 80 % | 20 % |", "| 2 | 0.021 % | 0 % | 0 % | 0 % |"]
