"""What docs/merging.md shows is what the commands take and the library does."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest

from fcotvl_hf.cli import make_parser
from fcotvl_hf.merging.command import MergeOptions, check_options
from fcotvl_hf.merging.options import METHODS
from fcotvl_hf.merging.scorers import parse_tasks
from fcotvl_hf.scripts import merge_table, rounds, sft

from .conftest import weights_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "merging.md").read_text()
COMMANDS = [
    shlex.split(line) for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1] if command[0] == "fcotvl" else command[2])
def test_commands_are_understood(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    match command:
        case ["fcotvl", "merge", *_]:
            args = make_parser().parse_args(command[1:])
            check_options(MergeOptions(args.method), 5, bool(args.score_with))
            if args.score_with:
                parse_tasks(args.score_with)
        case ["fcotvl", "sft", *options]:
            sft.make_parser().parse(options)
        case ["python", "-m", "fcotvl_hf.scripts.rounds", *options]:
            split = options.index("--")
            rounds.make_parser().parse_args(options[:split])
            sft.make_parser().parse([*options[split + 1 :], "--output_dir", "runs"])
        case ["python", "-m", "fcotvl_hf.scripts.merge_table", *options]:
            merge_table.make_parser().parse_args(options)
        case ["python", "benchmarks/merge.py", *options]:
            runpy.run_path("benchmarks/merge.py")["make_parser"]().parse_args(options)
        case _:
            pytest.fail(f"a command nobody checks: {command}")


def test_every_method_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)) == METHODS


def test_the_python_snippet_runs(
    session_folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in session_folders:
        shutil.copytree(folder, folder.name)
    (snippet,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(snippet, "merging.md", "exec"), {})
    (told,) = re.findall(r"print.*# (.*)", snippet)
    assert capsys.readouterr().out.strip() == told
    assert weights_of(Path("merged"))
