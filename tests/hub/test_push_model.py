"""A model's repository is complete: it answers without this package, its card says what is known and no more."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file

from fcotvl_hf.cli import main
from fcotvl_hf.eval_harness.publish import add_to_card
from fcotvl_hf.hub import push_model
from fcotvl_hf.hub.cards import UNMEASURED, checkpoint_card
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.hub.publication import Publication
from fcotvl_hf.hub.push_model import write_model
from fcotvl_hf.hub.reload import check_reload
from fcotvl_hf.io.repo_folder import check_folder

pytestmark = pytest.mark.usefixtures("own_process")
RESULTS = {
    "schema": 1,
    "model": "/home/somebody/runs/merged",
    "revision": None,
    "compression": 0.0,
    "tasks": {
        "docvqa": {
            "version": 1,
            "n": 4,
            "score": 0.75,
            "metrics": {},
            "stderr": 0.125,
            "tokens_per_image": 12.0,
            "settings": {
                "dataset": "lab/DocVQA",
                "config": "DocVQA",
                "split": "validation",
                "revision": None,
                "metric": "anls",
                "max_new_tokens": 100,
            },
        }
    },
    "settings_hash": "abc123",
    "versions": {"fcotvl-hf": "0.1.0"},
    "backend": "transformers",
    "device": "cpu",
    "dtype": "float32",
    "commit": None,
    "seconds": 1.0,
}
MERGED = {
    "method": "average",
    "base": "/home/somebody/start",
    "checkpoints": [{"path": "/home/somebody/runs/checkpoint-2", "sha256": "0" * 64}],
    "weights": [1.0],
    "settings": {},
    "versions": {},
}


def _card_of_a_run(folder: Path) -> ModelCard:
    config = load_config(str(folder))
    return checkpoint_card(config, name="merged", stage="SFT", steps=3, tags=["fcot-vl"], datasets=[], settings={})


@pytest.fixture(scope="module")
def trained(teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves, whose weights were merged later: a card, curves, and things that are nobody's business."""
    folder = Path(shutil.copytree(teacher_folder, tmp_path_factory.mktemp("runs") / "merged"))
    card = _card_of_a_run(folder)
    card.text += "\n## By hand\n\nKept.\n"
    card.save(folder / "README.md")
    add_to_card(folder, RESULTS)  # type: ignore[arg-type]
    (folder / "merge.json").write_text(json.dumps(MERGED))
    (folder / "loss.png").write_bytes(b"png")
    (folder / "training_args.bin").write_bytes(b"pickle")
    (folder / "checkpoint-2").mkdir()
    (folder / "checkpoint-2" / "optimizer.pt").write_bytes(b"pickle")
    return folder


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``fcotvl eval``, ``eval --compare`` and ``bench`` leave."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "results.json").write_text(json.dumps(RESULTS))
    tasks = {"docvqa": {"score": 0.8}}
    teacher = {"label": "teacher", "kind": "teacher", "tokens_per_image": 24.0, "score": 0.8, "difference": [0, 0]}
    student = {"label": "merged", "kind": "student", "tokens_per_image": 12.0, "score": 0.75}
    student |= {"difference": [-0.1, 0.02], "retention": 0.9375, "retention_interval": [0.9, 0.99]}
    rows = [{**row, "tasks": tasks} for row in (teacher | {"retention": 1.0, "retention_interval": [1, 1]}, student)]
    (folder / "comparison.json").write_text(json.dumps({"rows": rows}))
    figures = {"name": "merged", "visual_tokens": 12, "prefill_seconds": 0.5, "decode_tokens_per_second": 8.0}
    entry = {**figures, "kv_bytes": 2**20, "speedup": 1.5}
    about = {"device": "cpu", "machine": "x86_64", "dtype": "float32"}
    (folder / "bench.json").write_text(json.dumps({**about, "results": [{"tiles": 7, "contenders": [entry]}]}))
    return folder


@pytest.fixture(scope="module")
def written(trained: Path, measured: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("repository")
    about = Publication("me/fcot", "mit", "lab/InternVL2", measured, measured, measured / "bench.json")
    write_model(trained, out, about)
    return out


def test_files(written: Path) -> None:
    paths = set(check_folder(written, "model").paths)
    assert paths >= {"model.safetensors", "config.json", "generation_config.json", "chat_template.jinja", "loss.png"}
    assert paths >= {"modeling_fcotvl.py", "processor_config.json", "tokenizer.json", ".eval_results/docvqa.yaml"}
    assert not any(path.endswith((".bin", ".pt")) or "checkpoint" in path for path in paths)


def test_nothing_tells_of_this_machine(written: Path, trained: Path) -> None:
    texts = [path for path in written.rglob("*") if path.suffix in (".json", ".md", ".yaml", ".jinja", ".py")]
    assert len(texts) > 10
    for path in texts:
        text = path.read_text()
        assert "somebody" not in text and str(trained.parent) not in text and str(Path.home()) + "/" not in text, path
    assert json.loads((written / "merge.json").read_text())["checkpoints"][0]["path"] == "checkpoint-2"


def test_metadata(written: Path) -> None:
    data = ModelCard.load(written / "README.md").data
    assert (data.license, data.base_model, data["base_model_relation"]) == ("mit", "lab/InternVL2", "merge")
    assert (data.library_name, data.pipeline_tag) == ("transformers", "image-text-to-text")
    assert data.model_name == "fcot" and data.eval_results[0].metric_value == 75.0
    assert {"custom_code", "fcot-vl", "visual-token-compression"} <= set(data.tags)


def test_card(written: Path) -> None:
    text = (written / "README.md").read_text()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == [
        "Use it",
        "Serve it",
        "Scores",
        "Efficiency",
        "Training",
        "Merge",
        "By hand",
        "Limits",
        "Licence",
    ]
    assert "\n# fcot\n" in text and "PATH_OR_ID" not in text and UNMEASURED not in text
    assert 'from_pretrained("me/fcot", trust_remote_code=True)' in text and "vllm serve me/fcot" in text
    assert "| merged | 12.0 | 0.800 | 0.750 | -0.100 … +0.020 | 93.8 % (90.0 … 99.0) |" in text
    assert "| docvqa | 4 | 0.750 | 0.125 | anls | version 1, at most 100 tokens |" in text
    assert "| 7 | merged | 12 | 0.5 | 8 | 1.0 | 1.50 |" in text
    assert "![loss.png](loss.png)" in text and "**average**" in text and "Kept." in text
    assert "Weights: mit. They derive from [lab/InternVL2]" in text


def test_scores_that_the_card_has_stay_under_the_new_name(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")  # seen in the other tests
    write_model(trained, tmp_path, Publication("me/fcot", "mit"))
    card = ModelCard.load(tmp_path / "README.md")
    assert card.data.model_name == "fcot" and card.data.eval_results[0].metric_value == 75.0
    assert "somebody" not in str(card) and UNMEASURED not in card.text


def test_without_scores_the_card_says_so(teacher_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")
    folder = Path(shutil.copytree(teacher_folder, tmp_path / "run"))
    _card_of_a_run(folder).save(folder / "README.md")
    (tmp_path / "out").mkdir()
    write_model(folder, tmp_path / "out", Publication("me/fcot", "mit"), link=True)
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert UNMEASURED in card.text and "## Scores" not in card.text and card.data.base_model is None
    assert (tmp_path / "out" / "model.safetensors").is_symlink()
    assert "Counted from the configuration, for a page of 5 tiles" in card.text


def test_shards_come_with_their_index(teacher_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")
    folder = Path(shutil.copytree(teacher_folder, tmp_path / "large"))
    (folder / "model.safetensors").unlink()
    load_model(str(teacher_folder))[0].save_pretrained(folder, max_shard_size="200KB")
    (tmp_path / "out").mkdir()
    write_model(folder, tmp_path / "out", Publication("me/fcot", "mit"))
    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    shards = {path.name for path in (tmp_path / "out").glob("*.safetensors")}
    assert len(shards) > 1 and shards == set(index["weight_map"].values())


def test_other_weights_and_missing_code_are_refused(written: Path, teacher_folder: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(written, tmp_path / "broken"))
    weights = load_file(broken / "model.safetensors")
    weights["lm_head.weight"] = torch.flip(weights["lm_head.weight"], [0])
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"broken answers '.*' in a fresh process, but '.*' here; the folder is not"):
        check_reload(teacher_folder, broken)
    (broken / "compressor_fcotvl.py").unlink()
    with pytest.raises(ValueError, match=r"broken does not load in a fresh process without fcotvl-hf: .*compressor"):
        check_reload(teacher_folder, broken)


def test_a_dry_run_writes_the_folder(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")
    out = tmp_path / "look"
    command = ["push", "model", str(trained), "me/fcot", "--license", "mit", "--dry-run", str(out)]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["where"] == str(out) and set(told["files"]) == {
        path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()
    }
    assert main(command) == 1
    assert "look exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "status", "told"),
    [
        (["model", "lab/model", "me/x"], 1, "no folder lab/model; give a model's folder or one of tiny"),
        (["model", "tiny", "me"], 2, "'me' names no owner; write owner/name"),
        (["model", "tiny", "me/x", "--base-model", "a b"], 2, "'a b' cannot be a name on the Hub"),
        (["model", "tiny", "me/x", "--create-pr", "--revision", "next"], 2, "a pull request goes to main"),
        (["dataset", "absent", "me/x"], 1, "absent is no folder"),
        (["metric", "nothing", "me/nothing"], 1, "there is no module 'nothing'; known are anls"),
        (["metric", "anls", "me/nothing"], 1, "call the repository me/anls"),
        (["space", "absent", "me/x"], 1, "absent is no folder"),
        (["collection", "absent.yaml", "me/x"], 1, "there is no file absent.yaml"),
    ],
)
def test_wrong_arguments_are_one_line(
    command: list[str],
    status: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["push", *command, "--dry-run", "out"]) == status
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1
    assert not any(tmp_path.iterdir())


def test_adapters_and_missing_measurements_are_told(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "adapter_config.json").write_text("{}")
    for path, options, told in (
        (tmp_path / "lora", [], "lora is an adapter, not a model; make a model of it first: fcotvl merge BASE"),
        (trained, ["--compare", "gone"], "there is no gone/comparison.json; give what fcotvl eval --compare wrote"),
        (trained, ["--bench", "gone"], "there is no gone; give what fcotvl bench wrote"),
        (trained, ["--scores", "gone"], "gone holds no results.json; give a folder that fcotvl eval wrote"),
    ):
        assert main(["push", "model", str(path), "me/x", *options, "--dry-run", str(tmp_path / "out")]) == 1
        assert told in capsys.readouterr().err


def test_no_licence_and_no_safetensors_are_refused(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")
    assert main(["push", "model", str(trained), "me/x", "--dry-run", str(tmp_path / "out")]) == 1
    told = "error: model me/x cannot be published as it is: the metadata of README.md does not say license"
    assert told in capsys.readouterr().err
    bare = Path(shutil.copytree(trained, tmp_path / "bare"))
    (bare / "model.safetensors").rename(bare / "pytorch_model.bin")
    assert main(["push", "model", str(bare), "me/x", "--dry-run", str(tmp_path / "out")]) == 1
    assert "has no safetensors" in capsys.readouterr().err and not (tmp_path / "out").exists()
