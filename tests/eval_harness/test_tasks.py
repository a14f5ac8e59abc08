"""Every benchmark from its columns to a score: prompts as InternVL's, tiles, lengths, and right answers are right."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from fcotvl_hf.eval_harness.loading import load_rows
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.aggregate import ocrbench_v2_aggregate
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.eval_harness.rows import conversation
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.samples import Record
from fcotvl_hf.eval_harness.tasks import TASKS, Task, get_task
from fcotvl_hf.eval_harness.tasks.legibility import score_by_size

BENCHMARKS = [name for name, task in TASKS.items() if task.source.dataset]
SNAPSHOT = Path(__file__).parent / "prompts.json"


def _prompt(task: Task, row: Any) -> str:
    talk = conversation(row, task.prompt)
    assert len(talk) == 1 and [block["type"] for block in talk[0]["content"]] == ["image", "text"]
    text: str = talk[0]["content"][1]["text"]
    return text


def _result(task: Task, rows: list[Any], predictions: list[str]) -> TaskResult:
    """What the runner makes of these predictions."""
    targets = [task.target(row) for row in rows]
    records = [
        Record(
            id=row["id"],
            prediction=prediction,
            references=target["references"],
            score=task.score(prediction, target),
            tokens=0,
            group=str(target[task.group]) if task.group else "",
            unit=str(target[task.unit]) if task.unit else row["id"],
            key="",
        )
        for row, target, prediction in zip(rows, targets, predictions, strict=True)
    ]
    return TaskResult(task, records, targets, {}, len(rows), 0.0)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_prompts_tiles_and_lengths_are_pinned(name: str, data_root: Path) -> None:
    task = get_task(name)
    rows = list(load_rows(task, data_root).rows)
    source = task.source
    assert json.loads(SNAPSHOT.read_text())[name] == {
        "prompts": [_prompt(task, row) for row in rows],
        "max_tiles": task.max_tiles,
        "max_new_tokens": task.max_new_tokens,
        "dataset": [source.dataset, source.config, source.split, source.revision],
        "metric": task.metric,
        "version": task.version,
    }


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_runs_on_its_made_up_rows(name: str, tiny_teacher: Any, data_root: Path) -> None:
    task = dataclasses.replace(get_task(name), max_new_tokens=2)
    loaded = load_rows(task, data_root)
    result = evaluate(*tiny_teacher, loaded.rows, task, batch_size=4, total=loaded.count, progress=False)
    assert len(result.samples) == 4
    assert 0 <= result.score <= 1
    assert all(isinstance(figure, float) for figure in result.metrics.values())
    assert result.settings["tiles"][0]["max_patches"] == task.max_tiles


@pytest.mark.parametrize("name", sorted(set(BENCHMARKS) - {"ocrbench-v2-en", "ocrbench-v2-cn"}))
def test_the_right_answer_scores_and_another_does_not(name: str, data_root: Path) -> None:
    task = get_task(name)
    rows = list(load_rows(task, data_root).rows)
    references = [task.target(row)["references"] for row in rows]
    right = _result(task, rows, [f" {max(set(given), key=given.count)}\n" for given in references])
    wrong = _result(task, rows, ["quite another thing" for _ in rows])
    assert right.score == pytest.approx(1)
    assert wrong.score == 0 or name == "mathvista"  # its rules map any reply to the nearest choice


def test_chartqa_is_the_mean_of_both_kinds_and_tells_internvls_convention(data_root: Path) -> None:
    rows = list(load_rows(get_task("chartqa"), data_root).rows)  # human: 14, Yes, 0; augmented: 7%
    result = _result(get_task("chartqa"), rows, ["13.3", "no", "7%", "0"])
    assert result.score == pytest.approx((2 / 3 + 1) / 2)
    assert result.metrics == {"internvl_convention": pytest.approx(2 / 4)}


def test_mme_counts_an_image_only_if_both_answers_are_right(data_root: Path) -> None:
    rows = list(load_rows(get_task("mme"), data_root).rows)
    result = _result(get_task("mme"), rows, ["Yes", "No", "Yes", "Yes"])
    assert result.metrics == {
        "total": 250,
        "perception": 200,
        "cognition": 50,
        "OCR": 200,
        "code_reasoning": 50,
    }
    assert result.score == pytest.approx(250 / 400)
    assert _result(get_task("mme"), rows[:3], ["Yes", "No", "Yes"]).metrics["total"] == 200  # a cut-off run


def test_ocrbench_total(data_root: Path) -> None:
    rows = list(load_rows(get_task("ocrbench"), data_root).rows)
    metrics = _result(get_task("ocrbench"), rows, ["It says Centre.", "4712", "x^{2}", "128.50"]).metrics
    assert (metrics["total"], metrics["Text Recognition"], metrics["Key Information Extraction"]) == (3, 1, 1)


@pytest.mark.parametrize(
    ("language", "predictions"),
    [
        ("en", ["centre", "7", '{"total": "128.50"}', "nothing"]),
        ("cn", ["12元", "发票 总计", "车票", "{'总计': '12元'}"]),
    ],
)
def test_ocrbench_v2_is_the_benchmarks_own_aggregate(language: str, predictions: list[str], data_root: Path) -> None:
    task = get_task(f"ocrbench-v2-{language}")
    rows = list(load_rows(task, data_root).rows)
    result = _result(task, rows, predictions)
    items = [
        {"type": target["type"], "score": record["score"]}
        for target, record in zip(result.targets, result.samples, strict=True)
    ]
    assert 0 < result.score < 1
    assert result.score == pytest.approx(ocrbench_v2_aggregate(items)[f"{language}_overall"])


def test_legibility_is_the_smallest_size_that_is_read() -> None:
    task = get_task("legibility")
    rows = [
        {
            "id": f"{size}",
            "images": [],
            "messages": [{"role": "assistant", "content": [{"type": "text", "text": "abcdefghij"}]}],
            "meta": json.dumps({"size": size}),
        }
        for size in (8, 12, 16, 24)
    ]
    metrics = _result(task, rows, ["abcdefghij", "nothing", "abcdefghi", "abcdefghij"]).metrics
    assert metrics["smallest_px"] == 16  # 8 px was luck: 12 px is not read
    assert list(score_by_size(metrics).items())[0] == (8, 1)
    assert "smallest_px" not in _result(task, rows, [""] * 4).metrics


def test_tasks_are_found_by_name() -> None:
    assert all(task.name == name for name, task in TASKS.items())
    with pytest.raises(ValueError, match="there is no task 'DocVQ'; try docvqa"):
        get_task("DocVQ")
