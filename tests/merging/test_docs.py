"""What docs/merging.md shows is what the commands take and the library does."""

import re
import shutil
from pathlib import Path

import pytest

from fcotvl_hf.cli import make_parser
from fcotvl_hf.merging.command import MergeOptions, check_options
from fcotvl_hf.merging.options import METHODS
from fcotvl_hf.merging.scorers import parse_tasks
from tests.docs.pages import DOCS, blocks, commands

from .conftest import weights_of

PATH = DOCS / "merging.md"


def test_merges_are_possible() -> None:
    merges = [command.words[1:] for command in commands(PATH) if command.words[:2] == ("fcotvl", "merge")]
    for args in map(make_parser().parse_args, merges):
        check_options(MergeOptions(args.method), 5, bool(args.score_with))
        if args.score_with:
            parse_tasks(args.score_with)


def test_every_method_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `([\w-]+)` \|", PATH.read_text(), re.MULTILINE)) == METHODS


def test_the_python_snippet_runs(
    session_folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in session_folders:
        shutil.copytree(folder, folder.name)
    (snippet,) = blocks(PATH, "python")
    exec(compile(snippet.text, PATH.name, "exec"), {})
    (told,) = re.findall(r"print.*# (.*)", snippet.text)
    assert capsys.readouterr().out.strip() == told
    assert weights_of(Path("merged"))
