"""Processes of a launcher, each with a model in its memory, write one data set together."""

import subprocess
import sys
from pathlib import Path

import pytest
from datasets import load_dataset
from PIL import Image

from fcotvl_hf.dataset_builders.parts import SMALLEST_SHARD

PICTURES = 2 * SMALLEST_SHARD


def _label(pictures: Path, out: Path, teacher: Path, processes: int) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    start = torchrun if processes > 1 else [sys.executable]
    options = ["--teacher", str(teacher), "--confidence", "0", "--max-new-tokens", "4"]
    command = [*start, "-m", "fcotvl_hf.cli", "data", "label", str(pictures), "--out", str(out), *options]
    subprocess.run(command, check=True, timeout=600)


@pytest.mark.slow
def test_two_processes_label_what_one_does(teacher_folder: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "scans"
    pictures.mkdir()
    for number in range(PICTURES):
        Image.effect_noise((112, 112), 12 * number).save(pictures / f"{number:02d}.png")
    for processes in (1, 2):
        _label(pictures, tmp_path / str(processes), teacher_folder, processes)
    files = [
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "1", tmp_path / "2")
    ]
    assert files[0] == files[1]
    assert len(list(tmp_path.glob("2/document/*.parquet"))) == 2
    assert load_dataset(str(tmp_path / "2"), "document", split="train").num_rows > 0
    replies = [path.read_text().count("\n") for path in sorted((tmp_path / "2.work" / "replies").iterdir())]
    assert replies == [SMALLEST_SHARD] * 2  # none was asked twice
