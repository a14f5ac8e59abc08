"""The runner on a random model: order, batches, resume, stale predictions."""

import copy
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from fcotvl_hf.eval_harness import runner
from fcotvl_hf.eval_harness.comparison import shuffled_images
from fcotvl_hf.eval_harness.metrics.cer import one_minus_cer
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.hub.models import load_model

TASK = dataclasses.replace(get_task("tiny-recognition"), max_new_tokens=8)
FILE = f"samples-{TASK.name}.jsonl"


def predictions(result: TaskResult) -> list[str]:
    return [record["prediction"] for record in result.samples]


def test_predictions_are_those_of_generate_one_page_at_a_time(tiny_teacher, rows) -> None:
    model, processor = tiny_teacher
    expected = []
    for row in rows:
        text = processor.apply_chat_template(row["messages"][:1], add_generation_prompt=True)
        inputs = processor(text=text, images=row["images"], return_tensors="pt")
        ids = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1] :]
        expected.append(processor.decode(ids, skip_special_tokens=True))
    assert len(set(expected)) > 6  # pages matter to this model
    for batch_size in (1, 8, 64):
        result = evaluate(model, processor, rows, TASK, batch_size=batch_size, progress=False)
        assert predictions(result) == expected
        assert [record["id"] for record in result.samples] == [row["id"] for row in rows]


def test_result_holds_scores_tokens_and_references(tiny_teacher, rows) -> None:
    model, processor = tiny_teacher
    result = evaluate(model, processor, iter(rows), TASK, progress=False)
    for record, row in zip(result.samples, rows, strict=True):
        image = row["images"][0]
        tiles = processor.image_processor.get_number_of_image_patches(image.height, image.width)
        assert record["tokens"] == 16 * tiles
        assert record["references"] == [row["messages"][1]["content"][0]["text"]]
        assert record["score"] == one_minus_cer(record["prediction"], record["references"][0])
    assert result.score == pytest.approx(result.scores.mean())
    assert result.tokens_per_image == pytest.approx(sum(r["tokens"] for r in result.samples) / len(rows))
    assert set(result.metrics) == {"exact_lines", "corpus_one_minus_cer"}


def test_generation_stops_at_the_end_token(tiny_teacher, rows) -> None:
    model, processor = tiny_teacher
    full = predictions(evaluate(model, processor, rows, TASK, progress=False))
    stop = processor.tokenizer.convert_tokens_to_ids(full[0][2])
    model.generation_config.eos_token_id = [model.generation_config.eos_token_id, stop]
    cut = predictions(evaluate(model, processor, rows, TASK, progress=False))
    assert cut == [text[: text.index(full[0][2]) + 1] if full[0][2] in text else text for text in full]


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the rows that the model is asked, in the order it is asked."""
    ids: list[str] = []
    original = runner._Run._answer

    def spy(run: Any, batch: Any, keys: Any) -> Any:
        ids.extend(row["id"] for row in batch)
        return original(run, batch, keys)

    monkeypatch.setattr(runner._Run, "_answer", spy)
    return ids


def test_a_killed_run_goes_on(tiny_teacher, rows, tmp_path: Path, answered: list[str]) -> None:
    model, processor = tiny_teacher
    straight = evaluate(model, processor, rows, TASK, batch_size=4, out=tmp_path, progress=False)
    assert sorted(answered) == sorted(row["id"] for row in rows)
    lines = (tmp_path / FILE).read_text().splitlines(keepends=True)
    assert sorted(json.loads(line)["id"] for line in lines) == sorted(row["id"] for row in rows)

    (tmp_path / FILE).write_text("".join(lines[:7]) + lines[7][:20])  # kill -9 in the middle of a line
    answered.clear()
    resumed = evaluate(model, processor, rows, TASK, batch_size=4, out=tmp_path, progress=False)
    assert sorted(answered) == sorted(json.loads(line)["id"] for line in lines[7:])
    assert resumed.samples == straight.samples
    assert sorted((tmp_path / FILE).read_text().splitlines(keepends=True)) == sorted(lines)

    answered.clear()
    assert evaluate(model, processor, rows, TASK, out=tmp_path, progress=False).samples == straight.samples
    assert answered == []


def test_more_rows_of_the_same_evaluation_are_added(tiny_teacher, rows, tmp_path: Path, answered: list[str]) -> None:
    few = evaluate(*tiny_teacher, rows[:4], TASK, out=tmp_path, progress=False)
    lines = (tmp_path / FILE).read_text()
    all_of_them = evaluate(*tiny_teacher, rows, TASK, out=tmp_path, progress=False)
    assert len(answered) == 12
    assert (tmp_path / FILE).read_text().startswith(lines)
    assert evaluate(*tiny_teacher, rows[:4], TASK, out=tmp_path, progress=False).samples == few.samples
    assert all_of_them.samples[:4] == few.samples
    assert len((tmp_path / FILE).read_text().splitlines()) == 12


def test_any_other_evaluation_is_refused_and_changes_nothing(
    tiny_teacher, rows, tmp_path: Path, answered: list[str]
) -> None:
    model, processor = tiny_teacher
    evaluate(model, processor, rows[:4], TASK, out=tmp_path, progress=False)
    before = (tmp_path / FILE).read_bytes()
    answered.clear()

    def refused(told: str, **changes: Any) -> None:
        settings = {"model": model, "processor": processor, "rows": rows[:4], "task": TASK, **changes}
        with pytest.raises(FileExistsError, match=told):
            evaluate(**settings, out=tmp_path, progress=False)
        assert (tmp_path / FILE).read_bytes() == before
        assert answered == []

    refused("other settings", task=dataclasses.replace(TASK, max_new_tokens=9))
    refused("other pages", rows=shuffled_images(rows[:4], seed=0))
    tiles = copy.deepcopy(processor)
    tiles.image_processor.max_patches = 2
    refused("other settings", processor=tiles)
    with torch.no_grad():
        model.lm_head.weight.mul_(1.01)
    refused("another model")
    refused("another model", task=get_task("tiny-table"))


def test_the_same_model_from_another_folder_goes_on(teacher_folder: Path, rows, tmp_path: Path, answered) -> None:
    for name in ("one", "two"):
        folder = shutil.copytree(teacher_folder, tmp_path / name)
        evaluate(*load_model(str(folder), device="cpu"), rows[:4], TASK, out=tmp_path / "out", progress=False)
    assert len(answered) == 4


def test_rows_that_cannot_be_asked_are_refused(tiny_teacher, rows) -> None:
    with pytest.raises(ValueError, match="0 rows"):
        evaluate(*tiny_teacher, [], TASK, progress=False)
    with pytest.raises(ValueError, match="recognition-0 comes twice"):
        evaluate(*tiny_teacher, [rows[0], rows[0]], TASK, progress=False)
    with pytest.raises(ValueError, match="must end with"):
        evaluate(*tiny_teacher, [{**rows[0], "messages": rows[0]["messages"][:1]}], TASK, progress=False)


def test_the_prompt_of_a_task_wraps_the_question(tiny_teacher, rows) -> None:
    task = dataclasses.replace(TASK, prompt="{question} Be brief.")
    question = rows[0]["messages"][0]["content"][1]["text"]
    wrapped = [{"type": "image"}, {"type": "text", "text": f"{question} Be brief."}]
    by_hand = {**rows[0], "messages": [{"role": "user", "content": wrapped}, rows[0]["messages"][1]]}
    one = evaluate(*tiny_teacher, [rows[0]], task, progress=False)
    other = evaluate(*tiny_teacher, [by_hand], TASK, progress=False)
    plain = evaluate(*tiny_teacher, [rows[0]], TASK, progress=False)
    assert predictions(one) == predictions(other) != predictions(plain)


def test_progress_goes_to_stderr_only(tiny_teacher, rows, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(*tiny_teacher, rows[:2], TASK)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert TASK.name in captured.err
