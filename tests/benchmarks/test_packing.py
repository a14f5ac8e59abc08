"""The packing benchmark times every way on the same rows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "packing.py"


@pytest.mark.slow
def test_every_way_is_timed_on_the_same_rows(tmp_path) -> None:
    out = tmp_path / "packing.json"
    options = ["--rows", "100", "--samples", "6", "--batch", "3", "--layers", "1", "--repeats", "2", "--strides", "4"]
    subprocess.run([sys.executable, str(SCRIPT), *options, "--out", str(out)], check=True, timeout=600)
    written = json.loads(out.read_text())
    (measured,) = written["speed"]
    assert measured["samples"] == 6
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in measured["cpu_seconds"].values())
    assert measured["fill"]["packed"] == 1  # a pack alone in its batch needs no padding
    assert all(0 < share <= 1 for share in measured["fill"].values())
    assert len(written["load_before"]) == len(written["load_after"]) == 3
