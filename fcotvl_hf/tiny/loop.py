"""One training loop for the stages that make the tiny teacher: Muon, cosine, log, checkpoints, resume.

These stages train from scratch on pages drawn on the fly, which no trainer of TRL is made for; everything that starts
from a model that reads uses the trainers in ``fcotvl_hf.training``.
"""

import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from torch import nn

from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.muon import MuonAdamW, is_block_matrix

from .precision import has_bfloat16

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a stage trains.

    Args:
        steps: optimiser steps.
        batch_size: pages per step.
        peak_lr: learning rate after the warm-up; falls to a twentieth of it by a cosine.
        save_every: steps between checkpoints and between log lines' flushes.
    """

    steps: int
    batch_size: int = 64
    peak_lr: float = 1e-3
    save_every: int = 100

    def lr(self, step: int) -> float:
        """Learning rate of ``step``: 100 steps of linear warm-up, then a cosine to 5 % of the peak."""
        warmup = min(1.0, (step + 1) / 100)
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))
        return self.peak_lr * warmup * (0.05 + 0.95 * cosine)


def train(
    model: nn.Module,
    loss_of: Callable[[Any], tuple[torch.Tensor, dict[str, float]]],
    batches: Callable[[int], Iterable[Any]],
    schedule: Schedule,
    folder: Path,
) -> None:
    """Train ``model`` for one stage; called again on the same folder, go on from its last checkpoint.

    The forward pass is in bfloat16 where the CPU has it, which is about twice as fast there, else in float32.

    Args:
        model: all of its parameters that require gradients are trained in place.
        loss_of: from a batch to the scalar loss and figures to log beside it.
        batches: from the first step to do to the batches from there on.
        schedule: length, batch size, learning rate.
        folder: gets ``state.pt`` and ``log.jsonl``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = build_optimizer(model, schedule.peak_lr)
    first = _resume(folder / "state.pt", model, optimizer)
    started = time.monotonic()
    model.train()
    kept = [entry for entry in read_log(folder / "log.jsonl") if entry["step"] <= first]
    atomic_write(folder / "log.jsonl", "".join(json.dumps(entry) + "\n" for entry in kept))
    console, mixed = Console(stderr=True), has_bfloat16()
    with (folder / "log.jsonl").open("a") as log:
        steps = range(first, schedule.steps)
        for step, batch in zip(
            track(steps, folder.name, console=console, disable=not steps), batches(first), strict=False
        ):
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                loss, figures = loss_of(batch)
            model.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = schedule.lr(step)
            optimizer.step()
            entry = {"step": step + 1, "loss": loss.item(), "grad_norm": norm.item(), **figures}
            entry |= {"lr": schedule.lr(step), "seconds": time.monotonic() - started}
            log.write(json.dumps({key: _short(value) for key, value in entry.items()}) + "\n")
            if (step + 1) % schedule.save_every == 0 or step + 1 == schedule.steps:
                log.flush()
                _save(folder / "state.pt", step + 1, model, optimizer)


def _short(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.5g}")


def build_optimizer(model: nn.Module, lr: float) -> torch.optim.Optimizer:
    """Muon for the matrices inside the blocks, AdamW for embeddings, heads, vectors and the patch convolution."""
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for name, p in trained if is_block_matrix(name, p) == muon], "muon": muon, "weight_decay": decay}
        for muon, decay in ((True, 0.02), (False, 0.0))
    ]
    return MuonAdamW(groups, lr=lr, betas=(0.9, 0.98), fused=True)


def _save(path: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    unfinished = path.with_suffix(".part")
    torch.save({"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, unfinished)
    os.replace(unfinished, path)


def _resume(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    logger.info("resuming %s at step %d", path.parent.name, state["step"])
    return int(state["step"])
