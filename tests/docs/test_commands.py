"""Every command of every page is understood by the parser that would read it."""

import re
import runpy
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser
from click import UsageError
from huggingface_hub.cli.hf import app as hub
from transformers.cli.transformers import app as transformers

from fcotvl_hf.cli import make_parser
from fcotvl_hf.scripts import distill, rounds, sft

from .pages import PAGES, ROOT, Command, commands

COMMANDS = [command for page in PAGES for command in commands(page)]
TRAINING = {"distill": distill, "sft": sft}
ON_THIS_CPU = ("--use_cpu", "true", "--bf16", "false")
"""The parsers of the training scripts look at the device."""

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
TARGETS = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)


def understand(words: Sequence[str]) -> None:
    """Parse a command as its program would.

    Raises:
        SystemExit: the program does not understand it.
        AssertionError: it names what does not exist, or nobody here knows the program.
    """
    program, *arguments = words
    assert program in PROGRAMS, "a command that no test understands"
    PROGRAMS[program](arguments)


def _fcotvl(arguments: Sequence[str]) -> None:
    command, *options = arguments
    if command in TRAINING:
        TRAINING[command].make_parser().parse([*options, *ON_THIS_CPU])
    else:
        make_parser().parse_args(arguments)


def _accelerate(arguments: Sequence[str]) -> None:
    assert arguments[0] == "launch"
    launch = launch_command_parser().parse_args(arguments[1:])
    assert launch.module
    if launch.config_file:
        load_config_from_file(launch.config_file)
    _module(launch.training_script, launch.training_script_args)


def _python(arguments: Sequence[str]) -> None:
    match arguments:
        case ["-m", module, *options]:
            _module(module, options)
        case ["-c", code]:
            compile(code, "-c", "exec")
        case [script, *options]:
            runpy.run_path(script)["make_parser"]().parse_args(options)


def _module(module: str, arguments: Sequence[str]) -> None:
    package, _, name = module.rpartition(".")
    if module == "fcotvl_hf.cli":
        _fcotvl(arguments)
    elif name in TRAINING:
        _fcotvl([name, *arguments])
    elif name == "serve":
        transformers.commands[name].make_context(name, list(arguments))
    elif name == "rounds":
        split = list(arguments).index("--")
        rounds.make_parser().parse_args(arguments[:split])
        _fcotvl(["sft", *arguments[split + 1 :], "--output_dir", "runs"])
    elif package.startswith("fcotvl_hf"):
        import_module(module).make_parser().parse_args(arguments)
    else:
        assert module in ("pytest", "vllm.entrypoints.openai.api_server")


def _make(targets: Sequence[str]) -> None:
    assert {target for target in targets if "=" not in target} <= set(TARGETS)


def _pip(arguments: Sequence[str]) -> None:
    assert arguments[0] in ("install", "uninstall")
    for extras in re.findall(r"(?:fcotvl-hf|(?<!\w)\.)\[([\w,]+)\]", " ".join(arguments)):
        assert set(extras.split(",")) <= set(EXTRAS)


def _hub(arguments: Sequence[str]) -> None:
    assert arguments[0] in hub.commands  # its parser loads its commands only to run them


def _elsewhere(arguments: Sequence[str]) -> None:
    """Shell built-ins, and programs of other environments, which their own tests run."""


PROGRAMS: dict[str, Callable[[Sequence[str]], None]] = {
    "fcotvl": _fcotvl,
    "accelerate": _accelerate,
    "python": _python,
    "make": _make,
    "pip": _pip,
    "hf": _hub,
} | dict.fromkeys(("vllm", "lmms-eval", "export", "source", "cat", "git"), _elsewhere)


@pytest.fixture
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where commands are typed; modules that benchmarks import from beside them are forgotten afterwards."""
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    beside = {file.stem for file in (ROOT / "benchmarks").glob("*.py")} - set(sys.modules)
    yield
    for name in beside & set(sys.modules):
        del sys.modules[name]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
@pytest.mark.usefixtures("at_the_root")
def test_command_is_understood(command: Command) -> None:
    understand(command.words)


@pytest.mark.parametrize(
    "wrong",
    [
        "fcotvl eval tiny --taks a --out b",
        "fcotvl sft --outptu_dir a",
        "make coffee",
        "pip install -e .[nothing]",
        "rm a",
    ],
)
def test_a_wrong_command_is_not(wrong: str) -> None:
    with pytest.raises((SystemExit, AssertionError, UsageError)):
        understand(wrong.split())


def test_the_pages_are_found() -> None:
    assert {command.block.page.name for command in COMMANDS} >= {"README.md", "training.md", "realignment.md"}
