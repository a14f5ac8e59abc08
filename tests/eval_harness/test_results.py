"""results.json."""

import dataclasses
import json
from pathlib import Path

from fcotvl_hf.eval_harness.backend import TransformersBackend
from fcotvl_hf.eval_harness.results import build_results, write_results
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task

TASK = dataclasses.replace(get_task("tiny-recognition"), max_new_tokens=4)


def test_results_file(tiny_teacher, rows, tmp_path: Path) -> None:
    model, processor = tiny_teacher
    result = evaluate(model, processor, rows[:4], TASK, progress=False)
    path = write_results(tmp_path / "new", build_results(TransformersBackend(model), "tiny", [result]))
    results = json.loads(path.read_text())
    assert set(results) == {
        *("schema", "model", "revision", "compression", "tasks", "settings_hash"),
        *("versions", "backend", "device", "dtype", "commit", "seconds"),
    }
    assert results["backend"] == "transformers"
    assert (results["compression"], results["device"], results["dtype"]) == (0, "cpu", "float32")
    entry = results["tasks"]["tiny-recognition"]
    assert entry["n"] == 4
    assert entry["score"] == result.score
    assert entry["settings"] == {
        "prompt": "{question}",
        "tiles": [{"tile": 112, "min_patches": 1, "max_patches": 4, "tokens_per_tile": 16}],
        "max_new_tokens": 4,
        "metric": "one_minus_cer",
        "dataset": None,
        "config": "recognition",
        "split": "test",
        "revision": None,
    }


def test_settings_hash_follows_model_and_settings(tiny_teacher, rows) -> None:
    model, processor = tiny_teacher

    def hashed(task=TASK, n=1) -> str:
        result = evaluate(model, processor, rows[:n], task, progress=False)
        return build_results(TransformersBackend(model), "x", [result])["settings_hash"]

    first = hashed()
    assert hashed() == first
    assert hashed(dataclasses.replace(TASK, max_new_tokens=5)) != first
    model.lm_head.weight.data += 1
    assert hashed() != first
