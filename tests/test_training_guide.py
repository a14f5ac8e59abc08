"""docs/training.md: the way is complete, the options and files it names are there."""

import re

from fcotvl_hf import cli
from fcotvl_hf.scripts import distill, sft
from tests.docs.pages import DOCS, ROOT, commands

PAGE = (DOCS / "training.md").read_text()
COMMANDS = [" ".join(command.words) for command in commands(DOCS / "training.md")]


def test_the_way_is_complete() -> None:
    for step in (
        "fcotvl convert",
        "fcotvl init",
        "scripts.distill",
        "scripts.sft",
        "fcotvl merge",
        "fcotvl eval",
        "fcotvl push",
    ):
        assert any(step in line for line in COMMANDS), step


def test_options_and_files_that_are_named_exist() -> None:
    commands = next(iter(cli.make_parser()._subparsers._group_actions)).choices
    parsers = [sft.make_parser(), distill.make_parser(), commands["merge"], commands["eval"]]
    known = {option for parser in parsers for option in parser._option_string_actions}
    assert set(re.findall(r"`(--\w+)", PAGE)) <= known
    configurations = re.findall(r"`(\w+\.yaml)`", PAGE)
    assert {path.name for path in (ROOT / "fcotvl_hf" / "accelerate_configs").iterdir()} == set(configurations)
