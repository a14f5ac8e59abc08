"""The benchmark of the generators measures each of them and says what it had to leave out."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("data")
    sys.modules.pop("data")


def test_every_category_gets_a_speed(data, monkeypatch, tmp_path, capsys) -> None:
    kept = {name: draw for name, draw in data.OURS.items() if name in ("formula", "gui")}
    monkeypatch.setattr(data, "OURS", kept)
    monkeypatch.setattr(data, "OTHERS", {"document by magic": (("no_such_package",), lambda seed: None)})
    data.main(["--samples", "1", "--out", str(tmp_path / "data.json")])
    printed = capsys.readouterr()
    figures = json.loads(printed.out)
    assert figures == json.loads((tmp_path / "data.json").read_text())
    assert set(figures["samples_per_cpu_second"]) == {"ours: formula", "ours: gui"}
    assert min(figures["samples_per_cpu_second"].values()) > 0
    assert "left out, for want of packages: document by magic" in printed.err


def test_efficiency_compares_one_process_with_two(data, monkeypatch, capsys) -> None:
    seconds = iter((0.0, 8.0, 10.0, 15.0))
    monkeypatch.setattr(data.time, "perf_counter", lambda: next(seconds))
    monkeypatch.setattr(data, "write_dataset", lambda *args, **kwargs: None)
    data.main(["--parallel", "10"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["seconds"] == {"1": 8.0, "2": 5.0} and figures["efficiency"] == 0.8
