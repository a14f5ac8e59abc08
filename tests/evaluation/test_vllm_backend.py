"""``--backend vllm`` gives the answers of transformers; ``make serve-test`` runs it in an environment that has vLLM."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.vllm

TASKS = "tiny-lookup,tiny-recognition"
QUIET = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}


def _eval(out: Path, backend: str) -> "subprocess.CompletedProcess[str]":
    options = ["--tasks", TASKS, "--limit", "8", "--batch-size", "8", "--out", str(out), "--backend", backend]
    command = [sys.executable, "-m", "fcotvl_hf.cli", "eval", "tiny-50", *options]
    environment = os.environ | QUIET | {"VLLM_CACHE_ROOT": str(out.parent / "cache")}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def _samples(out: Path, task: str) -> list[tuple[Any, ...]]:
    lines = (out / f"samples-{task}.jsonl").read_text().splitlines()
    keys = ("id", "prediction", "score", "tokens", "references")
    return sorted(tuple(map(str, (json.loads(line)[key] for key in keys))) for line in lines)


def test_answers_and_scores_are_those_of_transformers(tmp_path: Path) -> None:
    outs = {backend: tmp_path / backend for backend in ("transformers", "vllm")}
    results = {}
    for backend, out in outs.items():
        done = _eval(out, backend)
        assert done.returncode == 0, done.stderr[-4000:]
        results[backend] = json.loads((out / "results.json").read_text())
        assert results[backend]["backend"] == backend
    for task in TASKS.split(","):
        assert _samples(outs["vllm"], task) == _samples(outs["transformers"], task)
        assert results["vllm"]["tasks"][task] == results["transformers"]["tasks"][task]
    assert {results[backend]["dtype"] for backend in outs} == {"float32"}
    assert "vllm" in results["vllm"]["versions"]

    before = (outs["vllm"] / "samples-tiny-lookup.jsonl").read_bytes()
    assert _eval(outs["vllm"], "vllm").returncode == 0  # goes on, there is nothing left to answer
    mixed = _eval(outs["vllm"], "transformers")
    assert mixed.returncode == 1 and "answers of another model or backend" in mixed.stderr
    assert (outs["vllm"] / "samples-tiny-lookup.jsonl").read_bytes() == before
