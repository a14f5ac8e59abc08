"""A new compressor is one class in one file and one entry of ``COMPRESSORS``: here is one, put through the contract."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open

import fcotvl_hf.modeling

ROOT = Path(__file__).parents[2]

CLASS = '''
"""One learned weight for each place in the window."""

import torch
from torch import nn
from transformers import initialization as init

from .compressor_fcotvl import Compressor, by_window
from .configuration_fcotvl import FCoTVLConfig


class WeightedCompressor(Compressor):
    def __init__(self, config: FCoTVLConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(config.compressor_stride))
        self.reset_parameters()

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.weight @ by_window(tokens, 1, len(self.weight))

    def reset_parameters(self) -> None:
        init.constant_(self.weight, 1 / len(self.weight))
'''
ENTRY = ('    "mean": MeanCompressor,\n', '    "weighted": WeightedCompressor,\n')
IMPORT = ("from .mean_fcotvl import MeanCompressor\n", "from .weighted_fcotvl import WeightedCompressor\n")

PROGRAM = """
import importlib.util, sys
from pathlib import Path

modeling, out, *tests = sys.argv[1:]


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "fcotvl_hf.modeling":
            return importlib.util.spec_from_file_location(name, Path(modeling, "__init__.py"))


sys.meta_path.insert(0, Finder())
import pytest
from fcotvl_hf import cli

contract = pytest.main(["-q", "-p", "no:cacheprovider", "-k", "weighted and not stranger and not vllm", *tests])
sys.exit(contract or cli.main(["init", "tiny", out, "--stride", "4", "--compressor", "weighted"]))
"""


@pytest.fixture
def extended(tmp_path: Path) -> Path:
    """The code of a model with one more file, and two more lines where compressors are listed."""
    folder = tmp_path / "modeling"
    shutil.copytree(Path(fcotvl_hf.modeling.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "weighted_fcotvl.py").write_text(CLASS.lstrip())
    listing = folder / "compression_fcotvl.py"
    text = listing.read_text()
    for after, line in (IMPORT, ENTRY):
        assert after in text
        text = text.replace(after, after + line)
    listing.write_text(text)
    return folder


def test_nothing_else_is_needed_for_the_contract_and_the_command(extended: Path, tmp_path: Path) -> None:
    tests = [f"tests/modeling/{name}.py" for name in ("test_compressors", "test_remote_code")]
    command = [sys.executable, "-c", PROGRAM, str(extended), str(tmp_path / "student"), *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert passed > 15
    assert (tmp_path / "student" / "weighted_fcotvl.py").read_text() == CLASS.lstrip()
    with safe_open(tmp_path / "student" / "model.safetensors", framework="pt") as weights:
        assert weights.get_tensor("model.compressor.weight").tolist() == [0.25] * 4
