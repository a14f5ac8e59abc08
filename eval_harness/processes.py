"""The processes that share an evaluation."""

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env


def processes() -> PartialState:
    """What ``torchrun`` or ``accelerate launch`` started, and this process's place in it.

    Several processes on CPUs would each take themselves for the only one unless accelerate is told that it is on CPUs.
    """
    on_cpu = torch.accelerator.current_accelerator(check_available=True) is None
    return PartialState(cpu=on_cpu or parse_flag_from_env("ACCELERATE_USE_CPU"))
