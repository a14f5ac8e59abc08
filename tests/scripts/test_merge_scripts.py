"""From a run's checkpoints to the table of merges, and from merges to the next round."""

import json
from pathlib import Path

import pytest

from fcotvl_hf.command import UsageError
from fcotvl_hf.scripts import merge_table, rounds, sft

SHORT = ["--max_steps", "2", "--save_steps", "1", "--per_device_train_batch_size", "2", "--ocr_tasks", "lookup"]
SHORT += ["--ocr_size", "16", "--dataloader_num_workers", "0", "--disable_tqdm", "true", "--learning_rate", "1e-2"]


def test_table_of_a_run(teacher_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = tmp_path / "run", tmp_path / "merges"
    sft.main(["--student", str(teacher_folder), "--output_dir", str(run), *SHORT])
    sizes = ["--tasks", "tiny-lookup", "--dev", "2", "--test", "3", "--cache", str(tmp_path / "cache")]
    arguments = [str(run), "--base", str(teacher_folder), "--out", str(out), *sizes]
    capsys.readouterr()
    merge_table.main(arguments)
    told = capsys.readouterr().out
    report = json.loads((out / "merges.json").read_text())
    assert [Path(folder).name for folder in report["checkpoints"]] == ["checkpoint-1", "checkpoint-2"]
    assert list(report["methods"]) == ["last", "average", "task-arithmetic", "shapley"]
    assert all(method in told for method in report["methods"])
    for method, row in report["methods"].items():
        assert json.loads((out / method / "merge.json").read_text())["weights"] == row["weights"]
        assert row["difference"]["score"][0] <= row["difference"]["score"][1]
    assert report["methods"]["last"]["difference"] == {"tiny-lookup": [0, 0], "score": [0, 0]}
    with pytest.raises(UsageError, match="holds no complete checkpoint-N"):
        merge_table.main([str(tmp_path), *arguments[1:]])


def test_differences_are_paired_with_the_last() -> None:
    samples = {"last": {"a": [0.0, 1.0], "b": [0.5]}, "average": {"a": [0.5, 1.0], "b": [1.0]}}
    table = merge_table.compare(samples, {"last": [0, 1], "average": [0.5, 0.5]})
    assert table["average"]["tasks"] == {"a": 0.75, "b": 1.0} and table["average"]["score"] == 0.875
    assert table["average"]["difference"]["b"] == [0.5, 0.5]
    low, high = table["average"]["difference"]["score"]
    assert 0.25 <= low < high <= 0.5
    markdown = merge_table.as_markdown(table)
    assert "| last | 0.500 | 0.500 | 0.500 | 0.00 1.00 |" in markdown
    assert "| average | 0.750 (+0.000 … +0.500) | 1.000 (+0.500 … +0.500) | 0.875 (" in markdown


def test_each_round_starts_from_the_merge_before(teacher_folder: Path, tmp_path: Path) -> None:
    arguments = ["--student", str(teacher_folder), "--out", str(tmp_path), "--method", "average", "--", *SHORT]
    rounds.main(["--rounds", "2", *arguments])
    reports = [json.loads((tmp_path / f"round-{n}/merged/merge.json").read_text()) for n in (1, 2)]
    assert [report["base"] for report in reports] == [str(teacher_folder), str(tmp_path / "round-1/merged")]
    assert all(len(report["checkpoints"]) == 2 for report in reports)
    before = (tmp_path / "round-2/merged/merge.json").stat().st_mtime_ns
    rounds.main(["--rounds", "2", *arguments])
    assert (tmp_path / "round-2/merged/merge.json").stat().st_mtime_ns == before


def test_rounds_that_need_scores_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--method shapley needs scores"):
        rounds.main(["--student", "tiny", "--out", str(tmp_path)])
