"""docs/training.md: its commands parse, the files it names are there."""

import re
import shlex
from pathlib import Path

import pytest
from accelerate.commands.launch import launch_command_parser
from huggingface_hub.cli.hf import app

from fcotvl_hf import cli
from fcotvl_hf.scripts import distill, sft

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "training.md").read_text()
SCRIPTS = {"fcotvl_hf.scripts.distill": distill, "fcotvl_hf.scripts.sft": sft}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


COMMANDS = [line for block in blocks("bash") for line in block.replace("\\\n", " ").splitlines() if line]


@pytest.mark.parametrize("line", COMMANDS)
def test_command_parses(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, *words = shlex.split(line, comments=True)
    if program == "fcotvl":
        cli.make_parser().parse_args(words)
    elif program == "hf":
        command, repository, folder = words  # the hub's parser loads its commands only to run them
        assert command in app.commands
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", repository)
        assert folder.startswith("runs/")
    else:
        assert (program, words[0]) == ("accelerate", "launch")
        launch = launch_command_parser().parse_args(words[1:])
        assert launch.module
        assert Path(launch.config_file).is_file()
        SCRIPTS[launch.training_script].make_parser().parse([*launch.training_script_args, "--use_cpu", "true"])


def test_the_way_is_complete() -> None:
    for step in (
        "fcotvl convert",
        "fcotvl init",
        "scripts.distill",
        "scripts.sft",
        "fcotvl merge",
        "fcotvl eval",
        "hf upload",
    ):
        assert any(step in line for line in COMMANDS), step


def test_options_and_files_that_are_named_exist() -> None:
    commands = next(iter(cli.make_parser()._subparsers._group_actions)).choices
    parsers = [sft.make_parser(), distill.make_parser(), commands["merge"], commands["eval"]]
    known = {option for parser in parsers for option in parser._option_string_actions}
    assert set(re.findall(r"`(--\w+)", PAGE)) <= known
    configurations = re.findall(r"`(\w+\.yaml)`", PAGE)
    assert {path.name for path in (ROOT / "fcotvl_hf" / "accelerate_configs").iterdir()} == set(configurations)
    assert all((ROOT / "docs" / link).exists() for link in re.findall(r"\]\(([\w/]+\.md)\)", PAGE))
