"""Every recipe parses and holds the paper's settings, and so do the commands in its header that launch it."""

import re
import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser

from fcotvl_hf.scripts import distill, sft
from fcotvl_hf.scripts.arguments import Parser

ROOT = Path(__file__).parents[2]
RECIPES = sorted(Path(str(resources.files("fcotvl_hf") / "recipes")).rglob("*.yaml"))
REAL = [recipe for recipe in RECIPES if recipe.parent.name != "tiny"]
TINY = [recipe for recipe in RECIPES if recipe.parent.name == "tiny"]


def name_of(recipe: Path) -> str:
    return f"{recipe.parent.name}/{recipe.stem}"


def script_of(recipe: Path) -> str:
    return {"distill": "distill", "realign": "distill", "sft": "sft", "posttrain": "sft"}[recipe.stem.split("-")[0]]


def parser_of(recipe: Path) -> Parser:
    return distill.make_parser() if script_of(recipe) == "distill" else sft.make_parser()


def launch_lines(recipe: Path) -> list[list[str]]:
    """The ``accelerate launch`` commands of a header, in words."""
    header = recipe.read_text().replace("\\\n#", " ")
    return [shlex.split(line) for line in re.findall(r"^# +(accelerate launch .*)$", header, re.MULTILINE)]


def test_all_recipes_are_there() -> None:
    sizes = {
        f"{size}/{stage}-{share}"
        for size in ("1b", "2b", "8b")
        for stage in ("realign", "posttrain")
        for share in (50, 75)
    }
    tiny = {f"tiny/{stage}-{share}" for stage in ("distill", "sft") for share in (50, 75)}
    assert {name_of(recipe) for recipe in RECIPES} == sizes | tiny


@pytest.mark.parametrize("recipe", RECIPES, ids=name_of)
def test_it_parses_and_its_launch_lines_too(recipe) -> None:
    lines = launch_lines(recipe)
    assert len(lines) == (1 if recipe in TINY else 4)
    for words in lines:
        launch = launch_command_parser().parse_args(words[2:])
        assert launch.module
        assert launch.training_script == f"fcotvl_hf.scripts.{script_of(recipe)}"
        if launch.config_file:
            assert load_config_from_file(str(ROOT / launch.config_file))
        arguments = launch.training_script_args
        assert arguments[:2] == ["--config", str(recipe.relative_to(ROOT))]
        which, *_ = parser_of(recipe).parse(
            ["--config", str(recipe), *arguments[2:], "--use_cpu", "true", "--bf16", "false"]
        )
        assert which.student or which.teacher


def parsed(recipe: Path, *more: str) -> tuple[Any, ...]:
    return parser_of(recipe).parse(["--config", str(recipe), "--use_cpu", "true", *more])


@pytest.mark.parametrize("recipe", REAL, ids=name_of)
def test_real_ones_hold_the_papers_settings(recipe) -> None:
    which, _, args, mixture, *_ = parsed(recipe)
    realign = script_of(recipe) == "distill"
    assert which.max_tiles == 12
    assert args.per_device_train_batch_size * args.gradient_accumulation_steps * 8 == 512
    assert args.context_length == (4096 if realign else 5120)
    assert args.num_train_epochs == (1 if realign else 3)
    assert args.weight_decay == 0.01
    assert args.drop_path == (0.0 if realign else 0.1)  # the header of the former says why
    assert mixture.datasets
    share = int(recipe.stem.split("-")[1])
    assert args.output_dir == f"runs/{recipe.parent.name}/{recipe.stem}"
    if realign:
        assert which.stride == {50: 2, 75: 4}[share]
        assert "the table says 0.1" in recipe.read_text()
    else:
        assert which.student == f"runs/{recipe.parent.name}/realign-{share}"
        assert (args.merge_pool, args.sampling) == (5, "auto")


@pytest.mark.parametrize("recipe", REAL, ids=name_of)
def test_every_way_of_launching_gives_the_same_batch(recipe) -> None:
    devices = []
    for words in launch_lines(recipe):
        launch = launch_command_parser().parse_args(words[2:])
        config = load_config_from_file(str(ROOT / launch.config_file))
        processes = launch.num_processes or config.num_processes
        args = parsed(recipe, *launch.training_script_args[2:])[2]
        assert processes * args.per_device_train_batch_size * args.gradient_accumulation_steps == 512
        devices.append((processes, config.distributed_type))
    sharded = recipe.parent.name == "8b" and script_of(recipe) == "sft"
    assert [count for count, _ in devices] == [1, 8, 16, 8]
    assert devices[3][1] == ("FSDP" if sharded else "MULTI_NPU")


@pytest.mark.parametrize("recipe", TINY, ids=name_of)
def test_tiny_ones_draw_more_pages_than_they_need(recipe) -> None:
    _, data, args, *_ = parsed(recipe)
    assert args.output_dir.endswith(recipe.stem)
    assert data.ocr_size >= args.max_steps * args.train_batch_size * args.gradient_accumulation_steps
