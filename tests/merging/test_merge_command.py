"""``fcotvl merge``: what it writes, what it refuses, and that nothing is half-written."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from fcotvl_hf import cli
from fcotvl_hf.merging.command import in_training_order
from fcotvl_hf.merging.verify import check, verify

from .conftest import weights_of

pytestmark = pytest.mark.usefixtures("own_process")

FIRST_NUMBER = """
import struct, sys
open(sys.argv[2], "a").write("x")
with open(sys.argv[1] + "/model.safetensors", "rb") as file:
    file.seek(8 + int.from_bytes(file.read(8), "little"))
    print(-abs(struct.unpack("<f", file.read(4))[0]))
"""


@pytest.fixture
def arguments(session_folders: list[Path], tmp_path: Path) -> list[str]:
    return [*map(str, session_folders), "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]


@pytest.fixture
def scoring(tmp_path: Path) -> list[str]:
    """A score command that notes each call in ``calls``."""
    (tmp_path / "score.py").write_text(FIRST_NUMBER)
    command = [sys.executable, str(tmp_path / "score.py"), "{model}", str(tmp_path / "calls")]
    return ["--score-command", shlex.join(command).replace("'{model}'", "{model}")]


def test_shapley_with_scores_writes_the_whole_account(arguments: list[str], scoring: list[str], tmp_path: Path) -> None:
    assert cli.main(["merge", *arguments, "--method", "shapley", *scoring]) == 0
    report = json.loads((tmp_path / "out/merge.json").read_text())
    assert report["method"] == "shapley"
    assert sorted(report["values"]) == sorted(["", "0", "1", "2", "0,1", "0,2", "1,2", "0,1,2"])
    assert sum(report["phi"]) == pytest.approx(report["values"]["0,1,2"] - report["values"][""])
    assert sum(report["weights"]) == pytest.approx(1) and min(report["weights"]) >= 0
    assert list(report["scores"]) == ["base", "checkpoint-1", "checkpoint-2", "checkpoint-3", "merge"]
    assert report["scores"]["checkpoint-2"]["score"] == report["values"]["1"]
    assert report["phi_per_task"]["score"] == pytest.approx(report["phi"])
    start, *parts = (weights_of(Path(folder)) for folder in arguments[:4])
    for name, tensor in weights_of(tmp_path / "out").items():
        expected = sum(w * part[name] for w, part in zip(report["weights"], parts, strict=True))
        torch.testing.assert_close(tensor, expected + (1 - sum(report["weights"])) * start[name], rtol=1e-5, atol=1e-6)
    card = (tmp_path / "out/README.md").read_text()
    assert report["checkpoints"][0]["sha256"][:12] in card and "](seesaw.png)" in card and "](shapley.png)" in card
    assert {"seesaw.png", "shapley.png"} <= set(os.listdir(tmp_path / "out"))
    calls = (tmp_path / "calls").read_text()
    assert cli.main(["merge", *arguments, "--method", "shapley", *scoring, "--overwrite"]) == 0
    assert (tmp_path / "calls").read_text() == calls  # a second run costs nothing


def test_greedy_chooses_by_scores(arguments: list[str], scoring: list[str], tmp_path: Path) -> None:
    assert cli.main(["merge", *arguments, "--method", "greedy", *scoring]) == 0
    report = json.loads((tmp_path / "out/merge.json").read_text())
    assert sum(report["weights"]) == pytest.approx(1)
    assert report["scores"]["merge"]["score"] >= max(report["values"][str(i)] for i in range(3))


@pytest.mark.parametrize(
    ("options", "weights", "settings", "kit"),
    [
        (["--method", "last"], [0, 0, 1], {}, "linear"),
        (["--method", "average"], [1 / 3] * 3, {}, "linear"),
        (["--method", "average", "--weights", "0.1", "0.2", "0.3"], [0.1, 0.2, 0.3], {}, "task_arithmetic"),
        (["--method", "shapley", "--weights", "0.5", "0", "0.5"], [0.5, 0, 0.5], {}, "linear"),
        (["--method", "task-arithmetic"], [0.5] * 3, {}, "task_arithmetic"),
        (["--method", "task-arithmetic", "--scale", "0.6", "--normalize"], [0.2] * 3, {}, "task_arithmetic"),
        (["--method", "task-arithmetic", "--weights", "1", "-0.5", "0"], [1, -0.5, 0], {}, "task_arithmetic"),
        (["--method", "ties", "--density", "0.4"], [1] * 3, {"density": 0.4, "scale": 1.0}, "ties"),
        (["--method", "dare", "--seed", "5"], [0.5] * 3, {"density": 0.5, "seed": 5}, "dare_linear"),
        (["--method", "model-stock"], [1 / 3] * 3, {}, None),
    ],
    ids=lambda value: (
        "-".join(value).replace("--method-", "") if isinstance(value, list) and value[:1] == ["--method"] else ""
    ),
)
def test_methods_and_their_weights(arguments: list[str], options, weights, settings, kit, tmp_path: Path) -> None:
    assert cli.main(["merge", *arguments, *options]) == 0
    report = json.loads((tmp_path / "out/merge.json").read_text())
    assert report["weights"] == pytest.approx(weights)
    assert report["settings"] == settings
    path = tmp_path / "out/mergekit_config.yml"
    if kit is None:
        assert not path.exists()
        return
    config = yaml.safe_load(path.read_text())
    assert config["merge_method"] == kit and config["out_dtype"] == "float32"
    used = [(entry["model"], entry["parameters"]["weight"]) for entry in config["models"]]
    pairs = zip(arguments[1:4], weights, strict=True)
    assert used == [(model, pytest.approx(weight)) for model, weight in pairs if weight]
    assert config.get("base_model") == (None if kit == "linear" else arguments[0])


def test_slerp_takes_two(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = [*arguments[:3], *arguments[4:]]
    assert cli.main(["merge", *two, "--method", "slerp", "--scale", "0.25"]) == 0
    assert json.loads((tmp_path / "out/merge.json").read_text())["weights"] == [0.75, 0.25]
    assert cli.main(["merge", *arguments, "--method", "slerp"]) == 2
    assert "--method slerp takes two checkpoints, not 3" in capsys.readouterr().err
    assert cli.main(["merge", *two, "--method", "slerp", "--weights", "1", "1"]) == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--method", "shapley"], "--method shapley needs scores: add --score-with"),
        (["--method", "average", "--weights", "1"], "1 weights for 3 checkpoints"),
        (["--method", "last", "--weights", "1", "1", "1"], "--method last takes no --weights"),
        (["--method", "average", "--scale", "2"], "--scale is for task-arithmetic, dare, ties, slerp, not for average"),
        (["--method", "average", "--density", "0.5"], "--density is for ties, dare, not for average"),
        (["--method", "ties", "--normalize"], "--normalize is for task-arithmetic and dare, not for ties"),
        (["--method", "dare", "--weights", "1", "-1", "0", "--normalize"], "weights that add up to 0 cannot"),
        (["--method", "greedy", "--score-with", "tiny-tabel"], "there is no task 'tiny-tabel'; try tiny-table"),
    ],
)
def test_arguments_that_do_not_go_together(
    arguments: list[str], options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["merge", *arguments, *options]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--method", "magic"], "invalid choice: 'magic'"),
        (["--method", "ties", "--density", "0"], "0 is not above 0 and at most 1"),
        (["--method", "average", "--weights", "a"], "'a' is not a number"),
        (["--method", "average", "--score-with", "x", "--score-command", "y"], "not allowed with argument"),
    ],
)
def test_arguments_that_cannot_be_read(
    arguments: list[str], options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["merge", *arguments, *options])
    assert left.value.code == 2
    assert told in capsys.readouterr().err


def test_sources_and_existing_folders_are_kept(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine")
    assert cli.main(["merge", *arguments, "--method", "last"]) == 1
    assert "exists already" in capsys.readouterr().err
    mine = Path(shutil.copytree(arguments[1], tmp_path / "mine"))
    assert cli.main(["merge", str(mine), str(mine), "--out", str(tmp_path), "--method", "last", "--overwrite"]) == 2
    assert "would replace" in capsys.readouterr().err
    assert (mine / "model.safetensors").is_file() and (tmp_path / "out/notes.txt").is_file()


def test_scores_survive_a_failing_command(
    arguments: list[str], scoring: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "score.py"
    program.write_text("import os\nif os.path.exists('" + str(tmp_path / "calls") + "'): exit(3)\n" + FIRST_NUMBER)
    assert cli.main(["merge", *arguments, "--method", "shapley", *scoring]) == 1
    assert "failed with status 3" in capsys.readouterr().err
    assert not (tmp_path / "out").exists() and len(list((tmp_path / "cache").iterdir())) == 1
    program.write_text(FIRST_NUMBER)
    assert cli.main(["merge", *arguments, "--method", "shapley", *scoring]) == 0
    assert len((tmp_path / "calls").read_text()) == 1 + 7 + 1  # one before the failure, the other subsets, the merge


def test_a_full_disk_leaves_nothing(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], full_disk
) -> None:
    with full_disk(100_000):
        assert cli.main(["merge", *arguments, "--method", "average"]) == 1
    assert f"fcotvl merge: error: {tmp_path / 'out'} could not be written: file too large" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_verify_tells_good_folders_from_bad(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli.main(["merge", *arguments, "--method", "average", "--verify"]) == 0
    broken = {name: tensor * float("nan") for name, tensor in weights_of(out).items()}
    save_file(broken, out / "model.safetensors")
    with pytest.raises(ValueError, match="not finite"):
        check(str(out))
    del broken["lm_head.weight"]
    save_file(broken, out / "model.safetensors")
    with pytest.raises(ValueError, match="lm_head.weight"):
        check(str(out))


@pytest.mark.slow
def test_a_process_that_fails_is_quoted(session_folders: list[Path], tmp_path: Path) -> None:
    bad = Path(shutil.copytree(session_folders[0], tmp_path / "bad"))
    config = json.loads((bad / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] += 1
    (bad / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"bad was written, but cannot be used: .*layers\.2"):
        verify(bad)


def test_a_model_that_is_not_ours(tmp_path: Path) -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    for name in ("base", "a", "b"):
        LlamaForCausalLM(LlamaConfig(vocab_size=20, **sizes)).save_pretrained(tmp_path / name)
    folders = [str(tmp_path / name) for name in ("base", "a", "b")]
    out = tmp_path / "out"
    assert cli.main(["merge", *folders, "--out", str(out), "--method", "average"]) == 0
    check(str(out))
    parts = [weights_of(Path(folder)) for folder in folders[1:]]
    for name, tensor in weights_of(out).items():
        torch.testing.assert_close(tensor, (parts[0][name] + parts[1][name]) / 2)
    assert "library_name: transformers" in (out / "README.md").read_text()


def test_numbered_checkpoints_are_put_in_training_order() -> None:
    assert in_training_order(["run/checkpoint-1000", "run/checkpoint-200"]) == [
        "run/checkpoint-200",
        "run/checkpoint-1000",
    ]
    assert in_training_order(["run/checkpoint-1000", "other"]) == ["run/checkpoint-1000", "other"]
