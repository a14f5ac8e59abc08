"""docs/training/realignment.md: its commands parse, its Python runs, its options and links exist."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from fcotvl_hf.scripts import distill

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "training"
PAGE = (DOCS / "realignment.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


LINES = [line for block in blocks("bash") for line in block.replace("\\\n", " ").splitlines() if line]
COMMANDS = [line for line in LINES if line.startswith("fcotvl")]


@pytest.mark.parametrize("line", COMMANDS)
def test_command_parses(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, command, *words = shlex.split(line)
    assert (program, command) == ("fcotvl", "distill")
    which, data, args, _ = distill.make_parser().parse([*words, "--use_cpu", "true", "--bf16", "false"])
    assert which.student or which.teacher
    if args.precompute_teacher:
        assert data.ocr_size == args.max_steps * args.train_batch_size * args.gradient_accumulation_steps


def test_benchmarks_take_their_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    for _, script, *options in (shlex.split(line) for line in LINES if line not in COMMANDS):
        runpy.run_path(str(ROOT / script))["make_parser"]().parse_args(options)


def test_runs_that_share_a_stored_teacher_see_the_same_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    stored = [shlex.split(line)[2:] for line in COMMANDS if "--precompute_teacher" in line]
    parsed = [distill.make_parser().parse([*words, "--use_cpu", "true", "--bf16", "false"]) for words in stored]
    assert len(parsed) == 2
    assert [which.stride for which, *_ in parsed] == [2, 4]
    assert parsed[0][1] == parsed[1][1]


def test_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("python")
    exec(block, {})
    assert (tmp_path / "runs" / "again" / "model.safetensors").exists()


def test_options_and_files_that_are_named_exist() -> None:
    assert set(re.findall(r"`(--\w+)", PAGE)) <= set(distill.make_parser()._option_string_actions)
    assert all((DOCS / link).exists() for link in re.findall(r"\]\(([\w./]+\.md)\)", PAGE))
