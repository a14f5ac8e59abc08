"""Five checkpoints of 4 GB are merged in a fraction of the memory of one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from fcotvl_hf.io.tensors import TensorSpec, write_checkpoint

LIMIT = 1e9

MEASURE = """
import sys
from fcotvl_hf.merging.command import MergeOptions, merge
def peak():  # not ru_maxrss, which has the peak of the process that started this one
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])

bare = peak()
merge(sys.argv[2], sys.argv[3:8], __import__("pathlib").Path(sys.argv[8]), MergeOptions(sys.argv[1]))
print((peak() - bare) * 1024)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base and five checkpoints of InternVL2-2B's language model and some more, 4 GB each (one file, linked)."""
    root = tmp_path_factory.mktemp("large")
    sizes = {"embed": (92553, 2048), "head": (92553, 2048)}
    sizes |= {f"layers.{i}.{name}": (8192, 2048) for i in range(24) for name in ("gate", "up", "down", "qkv")}
    specs = {name: TensorSpec(size, torch.bfloat16) for name, size in sizes.items()}
    first = root / "0"
    first.mkdir()
    values = ((name, torch.full(spec.shape, 0.5, dtype=spec.dtype)) for name, spec in specs.items())
    write_checkpoint(first, specs, values)
    (first / "config.json").write_text(json.dumps({"model_type": "llama"}))
    for number in range(1, 6):
        (root / str(number)).mkdir()
        for path in first.iterdir():
            os.link(path, root / str(number) / path.name)
    yield root
    shutil.rmtree(root)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["average", "ties"])
def test_five_checkpoints_of_four_gigabytes(large: Path, method: str) -> None:
    assert (large / "0/model.safetensors").stat().st_size > 3.9e9
    out = large / "out"
    command = [sys.executable, "-c", MEASURE, method, *(str(large / str(number)) for number in range(6)), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    shutil.rmtree(out)
    assert float(done.stdout) <= LIMIT
