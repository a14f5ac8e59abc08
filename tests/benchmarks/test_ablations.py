"""The ablations run, share runs, go on where they stopped, and leave figures and pictures."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
QUICK = ["--distill-steps", "2", "--sft-steps", "2", "--per-task", "1", "--ocr_size", "64", "--bf16", "false"]
QUICK += ["--per_device_train_batch_size", "2", "--gradient_accumulation_steps", "1", "--attn_implementation", "sdpa"]
QUICK += ["--dataloader_num_workers", "0", "--disable_tqdm", "true", "--use_cpu", "true"]


@pytest.fixture
def ablations(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("ablations")
    sys.modules.pop("ablations")


@pytest.mark.slow
def test_studies_share_runs_and_are_not_trained_twice(ablations, tmp_path, capsys) -> None:
    call = ["--out", str(tmp_path), "--studies", "strides", "cross-entropy", *QUICK]
    ablations.main(call)
    assert sorted(path.name for path in (tmp_path / "realigned").iterdir()) == [
        "conv1d-50",
        "conv1d-50-without-ce",
        "conv1d-75",
    ]
    results = json.loads((tmp_path / "ablations.json").read_text())
    strides = results["strides"]
    assert [record["label"] for record in strides] == ["teacher", "50 %", "75 %"]
    assert [strides[0]["tokens_per_image"] / record["tokens_per_image"] for record in strides] == [1, 2, 4]
    assert [len(record["losses"]) for record in results["cross-entropy"]] == [0, 2, 2]
    without = results["cross-entropy"][2]["losses"]
    assert all(entry["loss"] == pytest.approx(entry["kl"], rel=1e-4) for entry in without)
    assert {path.name for path in tmp_path.glob("*.svg")} == {"strides.svg", "cross-entropy.svg"}
    assert capsys.readouterr().out.count("\n") == 7

    weights = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    ablations.main(call)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == weights
    with pytest.raises(SystemExit):
        ablations.main([*call, "--distill-steps", "3"])
    assert "holds runs with other settings" in capsys.readouterr().err


@pytest.mark.slow
def test_every_study_runs(ablations, tmp_path) -> None:
    ablations.main(["--out", str(tmp_path), *QUICK])
    results = json.loads((tmp_path / "ablations.json").read_text())
    assert {name: len(records) for name, records in results.items()} == {
        "compressors": 5,
        "strides": 3,
        "cross-entropy": 3,
        "position": 3,
        "re-alignment": 3,
        "controls": 4,
        "tasks": 3,
        "sampling": 3,
        "chains": 3,
    }
    start, bare, chains = (record["thought"] for record in results["chains"])
    assert start["n"] == bare["n"] == chains["n"] == len(chains["pages"]["tiny-thought"])
    after = json.loads((tmp_path / "realigned" / "conv1d-50-after-projector" / "config.json").read_text())
    assert after["compressor_position"] == "after_projector"
    assert (tmp_path / "tuned" / "conv1d-50-untrained" / "merged" / "config.json").exists()
    assert (tmp_path / "tuned" / "conv1d-50-auto-sampling" / "sampling.json").exists()
