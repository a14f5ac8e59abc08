"""``make results`` at the smallest sizes: files, pictures and page; a second call measures nothing anew."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from fcotvl_hf.results.attention import Attention, on_ink, with_ratios
from fcotvl_hf.results.page import PAGE
from fcotvl_hf.results.plan import Plan
from fcotvl_hf.scripts import results
from fcotvl_hf.tiny.weights import weights_of

ROOT = Path(__file__).parents[2]
FEW_PAGES = ["--per-task", "2", "--seeds", "0", "1", "--attended", "1", "--tiles", "1", "--repeats", "1"]
QUICK = ["--ocr_size", "64", "--bf16", "false", "--per_device_train_batch_size", "2", "--use_cpu", "true"]
QUICK += ["--gradient_accumulation_steps", "1", "--attn_implementation", "sdpa", "--dataloader_num_workers", "0"]


def test_heat_on_ink_is_counted() -> None:
    page = Image.new("RGB", (64, 64), "white")
    page.paste("black", (0, 0, 16, 64))
    assert on_ink(page, torch.ones(4, 4)) == pytest.approx(0.25)
    assert on_ink(page, torch.tensor([[1.0, 0.0]])) == pytest.approx(0.5)
    assert on_ink(page, torch.tensor([[0.0, 1.0]])) == pytest.approx(0)


def test_one_stage_on_the_packaged_models(tmp_path: Path) -> None:
    stage = Attention(Plan(tmp_path, tmp_path / "runs", measured=1, pictured=1))
    assert stage.run()
    figures = json.loads(stage.path.read_text())
    assert figures["pages"] == 4 and list(figures["models"]) == ["tiny", "tiny-50", "tiny-75"]
    for model in figures["models"].values():
        assert all(0 < model[key] < 1 for key in ("share_on_page", "page_by_chance", "share_on_ink"))
    tokens = [model["tokens"] for model in figures["models"].values()]
    assert tokens[0] == 2 * tokens[1] == 4 * tokens[2]
    by_chance = [model["page_by_chance"] for model in figures["models"].values()]
    assert by_chance[0] > by_chance[1] > by_chance[2] > by_chance[0] / 4
    assert [shown["task"] for shown in figures["shown"]] == ["lookup", "recognition", "table", "chart"]
    assert all(shown["question"] and shown["answer"] for shown in figures["shown"])
    assert len(list(tmp_path.glob("attention-*.png"))) == 4


def test_attention_to_one_token_is_set_against_the_teachers() -> None:
    models = {"a": {"share_on_page": 0.4, "tokens": 40}, "b": {"share_on_page": 0.2, "tokens": 10}}
    assert [model["per_token_ratio"] for model in with_ratios(models).values()] == pytest.approx([1, 2])


@pytest.mark.slow
def test_results_are_made_and_made_once(tmp_path: Path) -> None:
    for name in ("docs", "fcotvl_hf/assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    studies = tmp_path / "studies"
    studies.mkdir()
    budget = {
        "teacher": weights_of(["tiny"])["tiny"],
        "distill_steps": 2,
        "sft_steps": 2,
        "per_task": 2,
        "extra": QUICK,
    }
    (studies / "settings.json").write_text(json.dumps(budget, indent=2) + "\n")
    call = ["--root", str(tmp_path), "--runs", str(tmp_path / "runs"), "--studies-at", str(studies), "--trainings", "2"]
    call += [*FEW_PAGES, "--stages", "scores", "legibility", "attention", "speed", "strides", "merging"]
    results.main(call)

    files = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "results").glob("*.json")}
    assert set(files) == {"scores", "legibility", "attention", "speed", "strides"}  # there is no run to merge
    assert len(files["scores"]["models"]["tiny"]["fresh"]["by_seed"]) == 2
    assert len(files["strides"]["variants"][1]["by_seed"]) == 2
    page = (tmp_path / PAGE).read_text()
    for name in files:
        assert f"`results/{name}.json`" in page
    for picture in (
        "score-over-tokens.svg",
        "radar.svg",
        "legibility.svg",
        "strides.svg",
        "attention-0.png",
        "report.html",
    ):
        assert (tmp_path / "results" / picture).is_file()
    assert json.loads((tmp_path / "fcotvl_hf/assets/scores.json").read_text())["settings"] == {
        "per_task": 2,
        "seeds": [0, 1],
    }

    results.main(call)
    again = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "results").glob("*.json")}
    assert again == files
    assert (tmp_path / PAGE).read_text() == page
