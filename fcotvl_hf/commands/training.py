"""``fcotvl distill`` and ``sft``, whose arguments the training scripts parse."""

import argparse

from .adding import Commands, add_script


def add_training(commands: Commands) -> None:
    """Add both."""
    add_script(commands, "distill", "re-align a student with its teacher by self-distillation", _distill)
    add_script(commands, "sft", "post-train a model on instructions", _sft)


def _distill(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.scripts import distill

    distill.main(rest)


def _sft(args: argparse.Namespace, rest: list[str]) -> None:
    from fcotvl_hf.scripts import sft

    sft.main(rest)
