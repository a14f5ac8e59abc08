"""Two processes with half of the batch each do what one process does."""

import subprocess
import sys

import pytest

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.training.callbacks import read_log

OPTIONS = "--max_steps 2 --ocr_size 16 --dataloader_num_workers 0 --save_strategy no --use_cpu true --disable_tqdm true"


@pytest.mark.slow
@pytest.mark.parametrize("script", ["distill", "sft"])
def test_two_processes_equal_one(teacher_folder, tmp_path, script) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    logs = []
    for processes, batch in ((1, 4), (2, 2)):
        out = tmp_path / str(processes)
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        module = ["-m", f"fcotvl_hf.scripts.{script}", "--student", str(tmp_path / "student"), *OPTIONS.split()]
        size = ["--per_device_train_batch_size", str(batch), "--train_sampling_strategy", "sequential"]
        subprocess.run([*launch, *module, *size, "--output_dir", str(out)], check=True, timeout=300)
        logs.append(read_log(out / "log.jsonl"))
    assert len(logs[0]) == 2
    for one, two in zip(*logs, strict=True):
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)
        assert two["grad_norm"] == pytest.approx(one["grad_norm"], rel=1e-3)
