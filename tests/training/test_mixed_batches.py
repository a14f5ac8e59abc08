"""Rows of all kinds, cut up into processes and micro-batches in any way, give the same loss and gradient."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import Dataset, Features, Image, List, Value

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.training.callbacks import read_log

from .conftest import Row

OPTIONS = "--max_steps 3 --dataloader_num_workers 0 --save_strategy no --use_cpu true --disable_tqdm true"
OPTIONS += " --train_sampling_strategy sequential --drop_path 0"


@pytest.fixture
def recipe(mixed_rows: list[Row], tmp_path: Path) -> Path:
    """Trains on rows with one tile, several tiles, two images, no image; some micro-batches are text alone."""
    text = {"type": Value("string"), "text": Value("string")}
    features = Features({"images": List(Image()), "messages": List({"role": Value("string"), "content": List(text)})})
    one, wide, two, none = mixed_rows
    rows = [none, none, wide, one, two, none, one, wide, wide, two, one, none]
    data = tmp_path / "data"
    data.mkdir()
    Dataset.from_list(rows, features=features).to_parquet(data / "train.parquet")
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps({"datasets": [{"path": str(data)}]}))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("script", ["distill", "sft"])
def test_however_a_batch_is_cut_up_loss_and_gradient_are_the_same(teacher_folder, recipe, tmp_path, script) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    logs = []
    for processes, batch, accumulation in ((1, 4, 1), (1, 2, 2), (2, 2, 1), (2, 1, 2)):
        out = tmp_path / f"{processes}-{batch}"
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        module = ["-m", f"fcotvl_hf.scripts.{script}", "--config", str(recipe), "--student", str(tmp_path / "student")]
        size = ["--per_device_train_batch_size", str(batch), "--gradient_accumulation_steps", str(accumulation)]
        command = [*launch, *module, *OPTIONS.split(), *size, "--output_dir", str(out)]
        subprocess.run(command, check=True, timeout=600)
        logs.append(read_log(out / "log.jsonl"))
    assert len(logs[0]) == 3
    for other in logs[1:]:
        for whole, parts in zip(logs[0], other, strict=True):
            for name in {"loss", "ce", "kl", "grad_norm"} & whole.keys():
                assert parts[name] == pytest.approx(whole[name], rel=1e-5), name
