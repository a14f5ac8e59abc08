"""docs/training/realignment.md: its Python runs, its options exist."""

import re
from pathlib import Path

import pytest

from fcotvl_hf.scripts import distill
from tests.docs.pages import DOCS, ROOT, blocks, commands

PATH = DOCS / "training" / "realignment.md"


def test_runs_that_share_a_stored_teacher_see_the_same_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stored = [command.words[2:] for command in commands(PATH) if "--precompute_teacher" in command.words]
    parsed = [distill.make_parser().parse([*words, "--use_cpu", "true", "--bf16", "false"]) for words in stored]
    assert len(parsed) == 2
    for _, data, args, _ in parsed:
        assert data.ocr_size == args.max_steps * args.train_batch_size * args.gradient_accumulation_steps
    assert [which.stride for which, *_ in parsed] == [2, 4]
    assert parsed[0][1] == parsed[1][1]


def test_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(PATH, "python")
    exec(block.text, {})
    assert (tmp_path / "runs" / "again" / "model.safetensors").exists()


def test_options_that_are_named_exist() -> None:
    assert set(re.findall(r"`(--\w+)", PATH.read_text())) <= set(distill.make_parser()._option_string_actions)
