"""Two processes with half of the batch each do what one process does; sharded parameters get the same gradients."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.training.callbacks import read_log

OPTIONS = "--max_steps 4 --ocr_size 8 --dataloader_num_workers 0 --save_strategy no --use_cpu true --disable_tqdm true"
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node"]
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}


def train(script: str, student: Path, out: Path, processes: int, *options: str) -> list[dict[str, float]]:
    """The log of four rows a step over one or two processes."""
    module = ["-m", f"fcotvl_hf.scripts.{script}", "--student", str(student), *OPTIONS.split(), *options]
    size = ["--per_device_train_batch_size", str(4 // processes), "--output_dir", str(out)]
    subprocess.run([*LAUNCH, str(processes), *module, *size], check=True, timeout=600, env=ONE_THREAD)
    return read_log(out / "log.jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("script", ["distill", "sft"])
def test_two_processes_equal_one(teacher_folder, tmp_path, script) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    logs = [
        train(script, tmp_path / "student", tmp_path / str(processes), processes, "--drop_path", "0")
        for processes in (1, 2)
    ]
    assert len(logs[0]) == 4
    assert logs[1][0]["loss"] == pytest.approx(logs[0][0]["loss"], rel=1e-5)
    assert logs[1][0]["grad_norm"] == pytest.approx(logs[0][0]["grad_norm"], rel=1e-5)
    for one, two in zip(*logs, strict=True):  # rounding grows from step to step
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)


@pytest.mark.slow
def test_sampling_is_the_same_on_two_processes(teacher_folder, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    options = ["--drop_path", "0", "--sampling", "auto", "--coarse_share", "1", "--sampling_update", "true"]
    logs = [train("sft", tmp_path / "student", tmp_path / str(n), n, *options) for n in (1, 2)]
    found = [json.loads((tmp_path / str(n) / "sampling.json").read_text())["probabilities"] for n in (1, 2)]
    rounds = [json.loads((tmp_path / str(n) / "sampling_rounds.json").read_text()) for n in (1, 2)]
    assert found[0] == found[1]
    assert [entry["probabilities"] for entry in rounds[0]] == [entry["probabilities"] for entry in rounds[1]]
    for one, two in zip(*logs, strict=True):
        assert two.keys() == one.keys()
        for name in ("loss", *(key for key in one if key.startswith("loss/"))):
            assert two[name] == pytest.approx(one[name], rel=1e-4)


@pytest.mark.slow
def test_sharded_parameters_get_the_gradients_of_whole_ones(tmp_path) -> None:
    program = tmp_path / "shard.py"
    program.write_text(SHARDED_STEP)
    subprocess.run([*LAUNCH, "2", str(program)], check=True, timeout=600, env=ONE_THREAD)


SHARDED_STEP = """
import copy

import torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.training.drop_path import add_drop_path

dist.init_process_group("gloo")
torch.manual_seed(0)
teacher, _ = load_model("tiny", dtype=torch.float32, device="cpu")
whole = build_student(teacher, "conv1d", 2).train()
add_drop_path(whole.model.vision_tower, 0.2)
sharded = copy.deepcopy(whole)
for layer in (*sharded.model.vision_tower.encoder.layer, *sharded.model.language_model.layers):
    fully_shard(layer)
fully_shard(sharded)

tokens = whole.config.image_seq_length
image = torch.full((1, tokens), whole.config.image_token_id)
ids = torch.cat([image, torch.arange(20, 30)[None]], dim=1)
labels = ids.masked_fill(ids == whole.config.image_token_id, -100)
pixels = torch.randn(1, 3, 112, 112)
losses = []
for model in (whole, sharded):
    torch.manual_seed(1)  # of drop path
    loss = model(input_ids=ids, pixel_values=pixels, labels=labels).loss
    loss.backward()
    losses.append(loss.item())
assert losses[0] == losses[1], losses
expected = dict(whole.named_parameters())
for name, parameter in sharded.named_parameters():
    assert parameter.to_local().numel() < parameter.numel() or parameter.shape[0] < 2, name
    torch.testing.assert_close(parameter.grad.full_tensor(), expected[name].grad, rtol=1e-4, atol=1e-6)
optimizer = torch.optim.AdamW(sharded.parameters(), lr=1e-3)
optimizer.step()
moved = [n for n, p in sharded.named_parameters() if not torch.equal(p.full_tensor(), expected[n])]
assert len(moved) > len(expected) // 2
dist.destroy_process_group()
"""
