"""``fcotvl bench`` from the command line: JSON alone on stdout, a table on stderr, mistakes told before any work."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from fcotvl_hf.cli import main
from fcotvl_hf.cost.shapes import SHAPES, Shape, TextShape, VisionShape
from fcotvl_hf.evaluation import bench
from fcotvl_hf.evaluation.paper import paper_speedups

pytestmark = pytest.mark.usefixtures("own_process")

SMALL = Shape("small", TextShape(32, 64, 4, 4, 2, 128), VisionShape(32, 64, 2, 2, (112, 112)))
QUICK = ["--repeats", "2", "--warm-up", "0", "--new-tokens", "2", "--text-tokens", "10"]


@pytest.fixture(autouse=True)
def _small_shape(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(SHAPES, "small", SMALL)
    monkeypatch.chdir(tmp_path)


def test_a_shape_and_its_students(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--shape", "small", "--layers", "2", "--tiles", "1", "3", *QUICK, "--out", "b.json"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all(name in captured.err for name in ("small", "50 %", "75 %", "FLOP"))
    told = json.loads(Path("b.json").read_text())
    assert (told["shape"], told["language_layers"], told["vision_layers"]) == ("small", 2, 1)
    assert told["device"] == "cpu" and told["settings"]["repeats"] == 2 and told["paper"] is None
    assert [result["tiles"] for result in told["results"]] == [1, 3]
    three = told["results"][1]["contenders"]
    assert [each["visual_tokens"] for each in three] == [48, 24, 12]
    assert [each["compression"] for each in three] == [0, 0.5, 0.75]
    assert all(each["kv_bytes"] == each["kv_bytes_predicted"] for each in three)
    assert all(len(each["runs"]) == 2 for each in three)
    assert three[0]["multiply_adds"]["vision"] == three[2]["multiply_adds"]["vision"]
    assert three[1]["multiply_adds"]["compressor"] > 0


def test_rivals_are_measured_beside_the_students(capsys: pytest.CaptureFixture[str]) -> None:
    rivals = ["--reduce", "fastv:0.25,layer=1", "random:0.5"]
    assert main(["bench", "--shape", "small", "--strides", "2", "--tiles", "3", *QUICK, *rivals]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    names, tokens = zip(*((each["name"], each["visual_tokens"]) for each in result["contenders"]), strict=True)
    assert names == ("small", "50 %", "fastv:0.25,layer=1", "random:0.5")
    assert tokens == (48, 24, (48 + 3 * 12) / 4, 24)  # FastV's first layer of four sees all
    teacher, student, fastv, drop = (each["multiply_adds"] for each in result["contenders"])
    assert student["compressor"] > drop["compressor"] == 0
    assert fastv["language"] < student["language"] == drop["language"] < teacher["language"]
    cached = [each["kv_bytes"] for each in result["contenders"]]
    assert cached[1] == cached[3] and cached[2] < cached[0]


def test_models_and_json_on_stdout(teacher_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(teacher_folder), "--tiles", "1", *QUICK, "--dtype", "float32"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["shape"], told["dtype"]) == (None, "float32")
    assert [each["name"] for each in told["results"][0]["contenders"]] == ["teacher"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "give models, or a --shape; not both"),
        (["tiny", "--shape", "small"], "give models, or a --shape; not both"),
        (["tiny", "--layers", "2"], "--layers and --strides belong to a --shape; models have their own"),
        (["--shape", "internvl2-8b", "--layers", "6"], "choose a multiple of 4 language layers, not 6"),
        (["--shape", "small", "--strides", "3"], "stride 3 does not divide the 4 visual tokens in a row of small's"),
        (["tiny", "--reduce", "magic:0.5"], "there is no method 'magic'"),
        (["tiny", "--reduce", "smaller-tiles:0.5"], "chooses tiles page by page"),
        (["tiny", "--out", "nowhere/b.json"], "there is no folder"),
        (["tiny", "--out", "."], ". is a folder; give a file in it"),
        (["tiny", "--warm-up", "9"], "invalid choice: 9"),
        (["tiny", "--tiles", "0"], "is not a whole number of at least 1"),
    ],
)
def test_mistakes_are_told_in_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    try:
        status = main(["bench", *arguments])
    except SystemExit as left:
        status = left.code
    captured = capsys.readouterr()
    assert status == 2
    assert line in captured.err and captured.err.count("\n") == 1
    assert captured.out == "" and not list(tmp_path.iterdir())


def test_several_processes_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "processes", lambda: SimpleNamespace(num_processes=2))
    assert main(["bench", "tiny"]) == 2
    assert "start it without accelerate launch" in capsys.readouterr().err


def test_paper_speedups_are_its_times() -> None:
    assert paper_speedups("internvl2-2b", 0.75) == pytest.approx([1.414, 1.572, 1.447], abs=1e-3)
    assert paper_speedups("internvl2-1b", 0.5) == paper_speedups("internvl2-2b", 0.0 + 0.875) == []
