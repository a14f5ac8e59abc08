"""Merged weights are the stated sum, and the result is a model folder."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from fcotvl_hf.hub.models import load_model
from fcotvl_hf.merging import average, last, merge_checkpoints
from fcotvl_hf.merging.report import names_of

from .conftest import weights_of


@pytest.fixture
def folders(session_folders: list[Path], tmp_path: Path) -> list[Path]:
    """Copies of ``session_folders`` for one test to move or spoil."""
    return [Path(shutil.copytree(folder, tmp_path / folder.name)) for folder in session_folders]


def test_weights_of_the_methods() -> None:
    assert last(3) == [0, 0, 1]
    assert average(4) == [0.25] * 4
    with pytest.raises(ValueError, match="no checkpoints"):
        average(0)


def test_last_is_the_last_checkpoint_bit_for_bit(folders, tmp_path) -> None:
    base, *checkpoints = folders
    merge_checkpoints(base, checkpoints, last(3), tmp_path / "out", method="last")
    merged, expected = weights_of(tmp_path / "out"), weights_of(checkpoints[-1])
    assert merged.keys() == expected.keys()
    assert all(torch.equal(merged[name], expected[name]) for name in expected)


@pytest.mark.parametrize("weights", [[1 / 3] * 3, [0.5, 0.5, 0.5], [0.0, 2.0, -0.5]])
def test_merge_is_base_plus_weighted_differences(folders, tmp_path, weights) -> None:
    base, *checkpoints = folders
    merge_checkpoints(base, checkpoints, weights, tmp_path / "out")
    start, parts = weights_of(base), [weights_of(folder) for folder in checkpoints]
    for name, merged in weights_of(tmp_path / "out").items():
        terms = zip(weights, parts, strict=True)
        expected = start[name] + sum(weight * (part[name] - start[name]) for weight, part in terms)
        torch.testing.assert_close(merged, expected, rtol=1e-5, atol=1e-6)


def test_result_loads_and_tells_how_it_was_made(folders, tmp_path) -> None:
    base, *checkpoints = folders
    merge_checkpoints(base, checkpoints, average(3), tmp_path / "out", method="average")
    model, _ = load_model(str(tmp_path / "out"))
    assert model.config.model_type == "fcotvl"
    report = json.loads((tmp_path / "out" / "merge.json").read_text())
    assert (report["method"], report["weights"]) == ("average", average(3))
    assert [entry["path"] for entry in report["checkpoints"]] == [str(folder) for folder in checkpoints]
    assert len({entry["sha256"] for entry in report["checkpoints"]}) == 3


def test_the_state_of_a_training_run_stays_behind(folders, tmp_path) -> None:
    base, *checkpoints = folders
    for name in ("trainer_state.json", "sampling_state.json"):
        (checkpoints[-1] / name).write_text("{}")
    merge_checkpoints(base, checkpoints, average(3), tmp_path / "out")
    kept = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"config.json", "tokenizer.json"} <= kept and not {"trainer_state.json", "sampling_state.json"} & kept


def test_relative_paths_hold_when_all_is_moved(folders, tmp_path) -> None:
    base, *checkpoints = folders
    merge_checkpoints(base, checkpoints, average(3), base.parent / "out", relative_paths=True)
    base.parent.rename(tmp_path.with_name("moved"))
    out = tmp_path.with_name("moved") / "out"
    report = json.loads((out / "merge.json").read_text())
    assert (out / report["base"]).samefile(tmp_path.with_name("moved") / "base")
    assert all((out / entry["path"] / "model.safetensors").is_file() for entry in report["checkpoints"])


def test_packaged_names_stay_as_they_are(tmp_path) -> None:
    merge_checkpoints("tiny", ["tiny"], [1.0], tmp_path / "out", relative_paths=True)
    assert json.loads((tmp_path / "out" / "merge.json").read_text())["base"] == "tiny"


def test_half_precision_is_kept_but_not_computed_in(folders, tmp_path) -> None:
    base, *checkpoints = folders
    for folder in checkpoints:
        load_model(str(folder), device="cpu")[0].half().save_pretrained(folder)
    merge_checkpoints(base, checkpoints, average(3), tmp_path / "out")
    name = "lm_head.weight"
    merged = weights_of(tmp_path / "out")[name]
    exact = sum(weights_of(folder)[name].double() for folder in checkpoints) / 3
    assert merged.dtype == torch.float16
    assert torch.equal(merged, exact.half()) or (merged.double() - exact).abs().max() <= 2.0**-11 * exact.abs().max()


def test_shards_are_read_like_one_file(folders, tmp_path) -> None:
    base, *checkpoints = folders
    merge_checkpoints(base, checkpoints, average(3), tmp_path / "whole")
    for folder in checkpoints:
        model = load_model(str(folder), device="cpu")[0]
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="100KB")
    merge_checkpoints(base, checkpoints, average(3), tmp_path / "sharded")
    assert not list((tmp_path / "sharded").glob("*.index.json"))
    whole, sharded = weights_of(tmp_path / "whole"), weights_of(tmp_path / "sharded")
    assert whole.keys() == sharded.keys() and all(torch.equal(whole[name], sharded[name]) for name in whole)


def test_different_models_are_refused_and_nothing_is_left(folders, tmp_path) -> None:
    base, *checkpoints = folders
    (checkpoints[0] / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="no \\*.safetensors in .*checkpoint-1"):
        merge_checkpoints(base, checkpoints, average(3), tmp_path / "out")
    with pytest.raises(ValueError, match="2 checkpoints and 3 weights"):
        merge_checkpoints(base, checkpoints[1:], average(3), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_tell_checkpoints_apart() -> None:
    assert names_of(["run/checkpoint-1", "run/checkpoint-2"]) == ["checkpoint-1", "checkpoint-2"]
    assert names_of(["a/model", "b/model"]) == ["a/model", "b/model"]
    assert names_of(["a/base"]) == ["a/base"]
    assert names_of(["a", "a"]) == ["1: a", "2: a"]
