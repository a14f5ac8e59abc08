"""``fcotvl eval`` from the command line: files, resumption after a kill, scores of the demo, one-line errors."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results

from fcotvl_hf.cli import main
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.dataset_builders.ocr_mix import legibility
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.evaluation.chosen import chosen_tasks
from fcotvl_hf.evaluation.drawn import PAGES, drawn_rows
from fcotvl_hf.io.images import read_size
from fcotvl_hf.tiny.scores import ask_all, fresh_rows

pytestmark = pytest.mark.usefixtures("own_process")


def test_results_and_what_the_hub_reads(
    teacher_folder: Path, data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = shutil.copytree(teacher_folder, tmp_path / "model")
    (model / "README.md").write_text("---\nlicense: apache-2.0\n---\nMine.\n")
    options = ["--out", str(tmp_path / "out"), "--data-root", str(data_root), "--card"]
    assert main(["eval", str(model), "--tasks", "textvqa,mme", *options]) == 0
    captured = capsys.readouterr()
    assert "textvqa" in captured.out and "textvqa" in captured.err  # table, progress
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["model"] == "model" and results["revision"] is None
    assert set(results["tasks"]) == {"textvqa", "mme"}
    entry = results["tasks"]["textvqa"]
    assert entry["n"] == 4 and entry["settings"]["limit"] is None and entry["settings"]["local"]
    assert len((tmp_path / "out" / "samples-mme.jsonl").read_text().splitlines()) == 4

    for folder in (tmp_path / "out", model):
        (told,) = parse_eval_result_entries(yaml.safe_load((folder / ".eval_results" / "textvqa.yaml").read_text()))
        assert (told.dataset_id, told.value) == ("lmms-lab/textvqa", round(100 * entry["score"], 2))
    index = yaml.safe_load((tmp_path / "out" / "model-index.yaml").read_text())["model-index"]
    name, listed = model_index_to_eval_results(index)
    card = ModelCard.load(model / "README.md")
    assert name == "model" and [each.dataset_name for each in listed] == ["textvqa", "mme"]
    assert [each.metric_value for each in card.data.eval_results] == [each.metric_value for each in listed]
    assert card.text.strip() == "Mine." and card.data.license == "apache-2.0"

    assert main(["eval", str(model), "--tasks", "ai2d,textvqa", *options, "--limit", "3"]) == 0
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert set(results["tasks"]) == {"textvqa", "mme", "ai2d"}  # earlier tasks stay
    assert results["tasks"]["ai2d"]["n"] == 3
    for folder in (tmp_path / "out", model):  # three rows are no benchmark, also where there were more before
        assert [path.name for path in (folder / ".eval_results").iterdir()] == ["mme.yaml"]


def test_drawn_rows_are_the_demos(session_teacher) -> None:
    demo = fresh_rows(PAGES, 0, Domain())
    for name in ("tiny-table", "tiny-lookup"):
        drawn = drawn_rows(get_task(name), None, 112)
        asked = [row for row in demo if f"tiny-{row['task']}" == name]
        assert drawn.count == len(asked) == PAGES
        assert [row["id"] for row in drawn.rows] == [row["id"] for row in asked]
    first = next(drawn_rows(get_task("tiny-table"), 1, 112).rows)
    expected = next(row for row in demo if row["task"] == "table")
    assert (first["messages"], first["images"][0].tobytes()) == (
        expected["messages"],
        expected["images"][0].tobytes(),
    )


def test_scores_are_the_demos(tmp_path: Path) -> None:
    assert main(["eval", "tiny", "--tasks", "tiny-lookup", "--limit", "8", "--out", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    from fcotvl_hf.hub.models import load_model

    rows = [row for row in fresh_rows(8, 0, Domain()) if row["task"] == "lookup"]
    demo = ask_all(*load_model("tiny", device="cpu"), rows)["tiny-lookup"]
    assert results["tasks"]["tiny-lookup"]["score"] == demo.score
    assert results["tasks"]["tiny-lookup"]["stderr"] == demo.stderr


def test_the_eye_test_has_every_size_at_the_models_tile() -> None:
    rows = list(drawn_rows(get_task("legibility"), 2 * len(legibility.SIZES), 448).rows)
    sizes = [json.loads(row["meta"])["size"] for row in rows]
    assert sizes == [*legibility.SIZES, *legibility.SIZES]
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["images"][0].size for row in rows} == {(448, 448)}


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--tasks", "docvq"], 2, "there is no task 'docvq'; try docvqa"),
        ([], 2, "name tasks with --tasks; there are docvqa, infovqa"),
        (["--tasks", "docvqa", "--data-root", "absent"], 2, "--data-root absent is no folder"),
        (["--tasks", "docvqa", "--data-root", "."], 1, "there are no Parquet files for docvqa; they may be at"),
        (["--tasks", "tiny-table", "--card"], 2, "--card needs a model folder with a README.md"),
        (["--tasks", "docvqa", "--revision", "docvqa"], 2, "--revision docvqa is not TASK=REVISION with a task of"),
        (["--tasks", "docvqa", "--revision", "mme=v1"], 2, "--revision mme=v1 is not TASK=REVISION with a task of"),
        (["--tasks", "tiny-table", "--revision", "tiny-table=v1"], 2, "with a task of --tasks that is on the Hub"),
        (["--tasks", "docvqa"], 1, "docvqa: lmms-lab/DocVQA cannot be loaded"),
        (["--tasks", "tiny-table", "--backend", "vllm"], 2, "--backend vllm needs vLLM, which lives in an environment"),
    ],
)
def test_errors_are_one_line_and_nothing_is_written(
    options: list[str],
    status: int,
    told: str,
    teacher_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "vllm" in options and find_spec("vllm"):
        pytest.skip("it is here")
    monkeypatch.chdir(tmp_path)
    assert main(["eval", str(teacher_folder), *options, "--out", "out"]) == status
    error = capsys.readouterr().err
    assert error.startswith("fcotvl eval: error: ") and told in error and error.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["a", "b", "--tasks", "docvqa", "--data-root", "."], "--tasks, --data-root cannot be given with --compare"),
        (["a"], "--compare needs two folders or more"),
    ],
)
def test_a_comparison_heeds_all_that_it_is_given(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "--compare", *options, "--out", str(tmp_path / "out")]) == 2
    assert told in capsys.readouterr().err


def test_a_file_is_no_folder_for_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("mine")
    for what in (["tiny", "--tasks", "tiny-table", "--limit", "1"], ["--compare", "absent", "absent"]):
        assert main(["eval", *what, "--out", str(out)]) == 1
        error = capsys.readouterr().err
        assert f"{out} is a file; choose another name for the folder" in error and error.count("\n") == 1
    assert out.read_text() == "mine"


def test_the_cards_of_the_packaged_models_are_not_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "tiny", "--tasks", "docvqa", "--card", "--out", str(tmp_path), "--data-root", "absent"]) == 2
    assert "--card needs a model folder with a README.md, which tiny is not" in capsys.readouterr().err


def test_a_model_without_a_processor_is_one_line(
    teacher_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = shutil.copytree(teacher_folder, tmp_path / "model")
    for path in model.glob("*processor*.json"):
        path.unlink()
    assert main(["eval", str(model), "--tasks", "tiny-table", "--limit", "1", "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "processor" in error and error.count("\n") == 1


def test_a_revision_reaches_its_task_alone() -> None:
    docvqa, chartqa = chosen_tasks("docvqa,chartqa,docvqa", ["docvqa=v1.0"])
    assert docvqa.source.revision == "v1.0" and docvqa.source.config == "DocVQA"
    assert chartqa == get_task("chartqa")


TASKS = ("docvqa", "ai2d")


def _samples(folder: Path, task: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"samples-{task}.jsonl").read_text().splitlines()]


def test_attention_is_drawn_and_compared(
    teacher_folder: Path, data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--tasks", ",".join(TASKS), "--data-root", str(data_root), "--attention", "2"]
    found: list[dict[tuple[str, str], str]] = []
    half = tmp_path / "half"
    init_student(str(teacher_folder), half, compressor_type="mean", stride=2)
    for model in (teacher_folder, half):
        assert main(["eval", str(model), *options, "--out", str(tmp_path / "out" / model.name)]) == 0
        folder = tmp_path / "out" / model.name
        said = {(task, each["id"]): each["prediction"] for task in TASKS for each in _samples(folder, task)}
        drawn = json.loads((folder / "attention.json").read_text())
        found.append({(each["task"], each["id"]): each["prediction"] for each in drawn})
        asked = [(task, row) for task in TASKS for row in ("0", "1") if said[task, row]]  # empty answers look nowhere
        assert found[-1] == {row: said[row] for row in asked}
        assert len(said) == 8  # all rows are answered
        for each in drawn:
            assert 0 < each["share"] < 1
            assert read_size(folder / each["file"]) in ((112, 112), (224, 112))

    both = found[0].keys() & found[1].keys()
    assert ("docvqa", "0") in both
    folders = [str(tmp_path / "out" / name) for name in ("teacher", "half")]
    assert main(["eval", "--compare", *folders, "--out", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count('<figure class="sheet"><img src="data:image/png;base64,') == len(both)
    text = (tmp_path / "report" / "report.md").read_text()
    files = re.findall(r"\]\((attention-\d\.png)\)", text)
    assert len(files) == len(both)
    assert read_size(tmp_path / "report" / files[0]) == (2 * 112 + 8, 112)  # both models' veils over the same page


def test_attention_needs_tokens_with_a_place(
    teacher_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "learned"
    init_student(str(teacher_folder), model, compressor_type="qformer", stride=2)
    options = ["--tasks", "tiny-table", "--attention", "1", "--out", str(tmp_path / "out")]
    assert main(["eval", str(model), *options]) == 2
    error = capsys.readouterr().err
    assert "'qformer' have no place on the page" in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def _launch(model: str, out: Path, processes: int) -> list[str]:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    start = torchrun if processes > 1 else [sys.executable]
    options = ["--tasks", "tiny-chart", "--limit", "12", "--batch-size", "2", "--out", str(out)]
    return [*start, "-m", "fcotvl_hf.cli", "eval", model, *options]


@pytest.mark.slow
def test_a_killed_run_goes_on_in_two_processes(tmp_path: Path) -> None:
    """With a trained model: what is left is batched otherwise, and rounding decides between a random one's tokens."""
    straight, out = tmp_path / "straight", tmp_path / "out"
    subprocess.run(_launch("tiny", straight, 1), check=True, timeout=300)
    samples = out / "samples-tiny-chart.jsonl"
    killed = subprocess.Popen(_launch("tiny", out, 1))
    while not samples.exists() or samples.read_bytes().count(b"\n") < 4:
        time.sleep(0.01)
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = samples.read_text()
    assert kept.count("\n") < 12  # it was in the middle
    subprocess.run(_launch("tiny", out, 2), check=True, timeout=300)
    assert samples.read_text().startswith(kept[: kept.rindex("\n") + 1])
    whole = [sorted((folder / "samples-tiny-chart.jsonl").read_text().splitlines()) for folder in (straight, out)]
    assert whole[0] == whole[1]
    scores = [json.loads((folder / "results.json").read_text())["tasks"]["tiny-chart"] for folder in (straight, out)]
    assert scores[0] == scores[1]
