"""``fcotvl eval --reduce``: what the results say of a reduced model, and what is refused."""

import json
from pathlib import Path

import pytest

from fcotvl_hf.cli import main

pytestmark = pytest.mark.usefixtures("own_process")

LOOKUP = ("--tasks", "tiny-lookup", "--limit", "4")


def evaluate(model: Path | str, out: Path, *options: str) -> dict:
    assert main(["eval", str(model), "--out", str(out), *options]) == 0
    return json.loads((out / "results.json").read_text())


def test_results_tell_the_reduction_and_its_tokens(
    teacher_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = evaluate(teacher_folder, tmp_path / "whole", *LOOKUP)["tasks"]["tiny-lookup"]["tokens_per_image"]
    zipped = evaluate(teacher_folder, tmp_path / "visionzip", *LOOKUP, "--reduce", "visionzip:0.25")
    assert (zipped["model"], zipped["reduction"], zipped["compression"]) == (
        "teacher visionzip:0.25",
        "visionzip:0.25",
        0.75,
    )
    entry = zipped["tasks"]["tiny-lookup"]
    assert entry["tokens_per_image"] == entry["tokens_over_layers"] == whole / 4
    assert not (tmp_path / "visionzip" / "model-index.yaml").exists()

    dropped = evaluate(teacher_folder, tmp_path / "fastv", *LOOKUP, "--reduce", "fastv:0.5,layer=1")
    entry = dropped["tasks"]["tiny-lookup"]
    assert entry["tokens_per_image"] == whole / 2
    assert entry["tokens_over_layers"] == whole * 0.75
    assert "tokens over layers" in capsys.readouterr().out

    folders = [str(tmp_path / name) for name in ("whole", "fastv", "visionzip")]
    assert main(["eval", "--compare", *folders, "--out", str(tmp_path / "report")]) == 0
    assert "over layers" in capsys.readouterr().out
    rows = json.loads((tmp_path / "report" / "comparison.json").read_text())["rows"]
    assert [row["tokens_over_layers"] for row in rows] == [whole, whole * 0.75, whole / 4]


def test_tiles_are_chosen_within_the_tasks_limit(teacher_folder: Path, data_root: Path, tmp_path: Path) -> None:
    options = ("--tasks", "textvqa", "--data-root", str(data_root))
    whole = evaluate(teacher_folder, tmp_path / "whole", *options)["tasks"]["textvqa"]
    fewer = evaluate(teacher_folder, tmp_path / "fewer", *options, "--reduce", "fewer-tiles:0.5")["tasks"]["textvqa"]
    assert fewer["tokens_per_image"] == pytest.approx(whole["tokens_per_image"] / 2, rel=0.05)
    assert all(tiling["max_patches"] <= 6 for tiling in fewer["settings"]["tiles"])


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (["--reduce", "fastw:0.5"], 2, "no method 'fastw'"),
        (["--reduce", "fastv:0.5", "--card"], 2, "--card is for scores of the model itself"),
        (["--reduce", "fastv:0.5"], 1, "layer 1 to 1 of this model, not at layer 2"),
    ],
)
def test_errors_are_one_line_and_nothing_is_written(
    options: list[str],
    status: int,
    told: str,
    teacher_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert main(["eval", str(teacher_folder), *LOOKUP, *options, "--out", str(out)]) == status
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("fcotvl eval: error: ") and told in error
    assert not out.exists()


def test_a_folder_holds_one_reduction(teacher_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(teacher_folder, tmp_path, *LOOKUP, "--reduce", "smaller-tiles:0.5")
    before = (tmp_path / "results.json").read_text()
    for options in ([], ["--reduce", "smaller-tiles:0.25"]):
        call = ["eval", str(teacher_folder), "--tasks", "tiny-chart", "--limit", "2", "--out", str(tmp_path), *options]
        capsys.readouterr()
        assert main(call) == 1
        assert "holds scores of teacher smaller-tiles:0.5" in capsys.readouterr().err
    assert (tmp_path / "results.json").read_text() == before
