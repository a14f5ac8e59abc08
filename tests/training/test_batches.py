"""However a batch is cut up, loss and gradient are the same; training survives being killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.run import run


def figures(folder: Path) -> list[dict[str, float]]:
    """The log without what depends on the clock."""
    return [{k: v for k, v in entry.items() if "per_second" not in k} for entry in read_log(folder / "log.jsonl")]


@pytest.mark.parametrize("kind", ["distill", "sft"])
def test_accumulated_batches_equal_whole_ones(make_trainer, mixed_rows, kind, tmp_path) -> None:
    for size, accumulated in ((4, 1), (2, 2), (1, 4)):
        options = {"per_device_train_batch_size": size, "gradient_accumulation_steps": accumulated, "max_steps": 2}
        out = str(tmp_path / str(size))
        run(make_trainer(kind, mixed_rows, output_dir=out, drop_path=0.0, learning_rate=1e-3, **options))
    whole = figures(tmp_path / "4")
    assert len(whole) == 2
    for size in ("2", "1"):
        for one, other in zip(whole, figures(tmp_path / size), strict=True):
            assert other["loss"] == pytest.approx(one["loss"], rel=1e-5)
            assert other["grad_norm"] == pytest.approx(one["grad_norm"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["distill", "sft"])
def test_killed_and_resumed_equals_uninterrupted(teacher_folder, kind, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    options = ["--student", str(tmp_path / "student"), "--max_steps", "8", "--save_steps", "2", "--use_cpu", "true"]
    options += ["--ocr_size", "12", "--per_device_train_batch_size", "4", "--disable_tqdm", "true"]  # 3 steps an epoch
    if kind == "sft":
        options += ["--drop_path", "0.3", "--sampling_update", "true"]
    command = [sys.executable, "-m", f"fcotvl_hf.scripts.{kind}", *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "--output_dir", str(tmp_path / "straight")], env=environment, check=True, timeout=600)
    straight = figures(tmp_path / "straight")
    killed = tmp_path / "killed"
    for step in (3, 6):  # killed twice, each time after a step without a checkpoint or while one is written
        again = [*command, "--output_dir", str(killed), "--resume_from_checkpoint", "true"]
        process = subprocess.Popen(again, env=environment, start_new_session=True)
        while len(read_log(killed / "log.jsonl")) < step:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert figures(killed)[:step] == straight[:step]
    subprocess.run(again, env=environment, check=True, timeout=600)
    assert figures(killed) == straight
