"""lmms-eval runs a local task on our models through the entry point; ``make lmms-test`` has an environment for it."""

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from datasets import Dataset, Features, Image, Value

from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.evaluation.drawn import drawn_rows
from fcotvl_hf.evaluation.lmms_eval_plugin import MODEL
from fcotvl_hf.hub.models import load_model

ROWS = 6
TASK = """\
task: local_lookup
dataset_path: parquet
dataset_kwargs:
  data_files:
    test: {file}
test_split: test
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{max_new_tokens: 16, temperature: 0, do_sample: false}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
"""
UTILS = """\
def doc_to_visual(doc):
    return [doc["image"].convert("RGB")]
"""


def test_the_entry_point_names_the_model() -> None:
    (found,) = entry_points(group="lmms_eval.models", name="fcotvl")
    assert found.value == "fcotvl_hf.evaluation.lmms_eval_plugin:manifest"
    module = MODEL.rpartition(".")[0]
    assert Path(__file__).parents[2].joinpath(*module.split(".")).with_suffix(".py").is_file()


@pytest.mark.lmms_eval
def test_a_local_task_gets_the_answers_of_our_own_runner(tmp_path: Path) -> None:
    rows = list(drawn_rows(get_task("tiny-lookup"), ROWS, 112).rows)
    columns = {
        "question": [row["messages"][0]["content"][-1]["text"] for row in rows],
        "answer": [row["messages"][1]["content"][0]["text"] for row in rows],
        "image": [row["images"][0] for row in rows],
    }
    features = Features({"question": Value("string"), "answer": Value("string"), "image": Image()})
    Dataset.from_dict(columns, features=features).to_parquet(str(tmp_path / "rows.parquet"))
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "local_lookup.yaml").write_text(TASK.format(file=tmp_path / "rows.parquet"))
    (tmp_path / "task" / "utils.py").write_text(UTILS)
    options = {
        "--model": "fcotvl",
        "--model_args": "pretrained=tiny-50",
        "--tasks": "local_lookup",
        "--include_path": str(tmp_path / "task"),
        "--batch_size": "4",
        "--output_path": str(tmp_path / "out"),
        "--verbosity": "DEBUG",  # else an error is logged and the status is 0
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "lmms_eval", *words, "--log_samples"]
    done = subprocess.run(command, env=os.environ, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]

    (log,) = tmp_path.glob("out/**/*samples_local_lookup.jsonl")
    samples = sorted((json.loads(line) for line in log.read_text().splitlines()), key=lambda each: each["doc_id"])
    said = [sample["filtered_resps"] for sample in samples]
    expected = evaluate(*load_model("tiny-50", device="cpu"), rows, get_task("tiny-lookup"), progress=False)
    assert said == [record["prediction"] for record in expected.samples]
    (results,) = tmp_path.glob("out/**/*results.json")
    score = json.loads(results.read_text())["results"]["local_lookup"]["exact_match,none"]
    assert score == pytest.approx(expected.score) and score > 0
