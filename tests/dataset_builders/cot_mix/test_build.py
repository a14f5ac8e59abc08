"""``fcotvl data cot``: a valid data set, the same whatever the number of processes, and mistakes named in one line."""

import json
from pathlib import Path

import pytest
from datasets import load_dataset

from fcotvl_hf.cli import main
from fcotvl_hf.dataset_builders.cot_mix.mix import TASKS
from fcotvl_hf.dataset_builders.cot_mix.verification import Gold, verify_response

pytestmark = pytest.mark.usefixtures("own_process")


def _cot(out: Path, *options: str) -> int:
    return main(["data", "cot", "--out", str(out), "--size", "5", "--seed", "8", "--num-proc", "1", *options])


def test_program_chains_sampled_chains_and_clean_ones(scripted, said, data_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "cot"

    def script(prompt: str, seed: int, attempt: int):
        if prompt.startswith("Rewrite"):
            return said("It is " + prompt.rpartition("Answer: ")[2] + ".")
        return said(f"Looking at the picture I find it at once.\nAnswer: {seed}")

    with scripted(script) as endpoint:
        options = ("--sampler", endpoint.url, "--draws", "2", "--rewriter", endpoint.url)
        clean = ("--decontaminate", "docvqa, chartqa", "--data-root", str(data_root))
        assert _cot(out, *options, *clean) == 0
        asked = len(endpoint.payloads)
        assert _cot(out, *options, *clean) == 0  # nothing left to do
        assert len(endpoint.payloads) == asked >= 10
    for task in TASKS:
        (row,) = load_dataset(str(out), task, split="train", cache_dir=str(tmp_path / "cache"))
        meta, text = json.loads(row["meta"]), row["messages"][1]["content"][0]["text"]
        if meta["form"] == "chain":
            assert verify_response(text, Gold.from_json(meta["gold"]))
        assert row["source"] == f"cot_mix/{task}" and row["images"][0].mode == "RGB"
    card = (out / "README.md").read_text()
    assert "config_name: sampled" in card and "wrong answer: " in card
    assert "| scripted | see the model's terms | chains |" in card and "license: other" in card
    page = (out / "quality.html").read_text()
    assert "wrong answer" in page and page.count("<img") >= 5 and 'src="http' not in page
    assert sorted(path.name for path in (tmp_path / "cot.work" / "replies").iterdir())[0].startswith("rewritten-chart")


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--questions", "user/set"), 2, "--questions are for a --sampler to answer"),
        (("--decontaminate", "docvq"), 2, "there is no task 'docvq'; try docvqa"),
        (("--sampler", "http://127.0.0.1:9/v1"), 1, "does not answer as an OpenAI-compatible endpoint"),
        (("--sampler", "./nowhere"), 1, "no model at ./nowhere"),
        (("--tokenizer", "./nowhere"), 1, "no model at ./nowhere"),
    ],
)
def test_mistakes_are_one_line(
    options: tuple[str, ...], status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _cot(tmp_path / "cot", *options) == status
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line and not (tmp_path / "cot").exists()
