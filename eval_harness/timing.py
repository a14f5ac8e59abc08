"""The parts of one answer on a stopwatch: vision tower, connector, language model, decoding."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle
from transformers.generation.streamers import BaseStreamer


@dataclass(frozen=True)
class Seconds:
    """A span of time, or a moment on two clocks.

    Args:
        wall: on the wall's clock.
        cpu: of all threads of this process; what other programs take does not count.
    """

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: "Seconds") -> "Seconds":
        return Seconds(self.wall - other.wall, self.cpu - other.cpu)


@dataclass(frozen=True)
class Spans:
    """Where the time of an answer went.

    Args:
        vision: the vision tower.
        connector: from there to the end of both: pixel shuffle, compressor, projector.
        language: the rest until the first token.
        decode: from the first token to the last.
    """

    vision: Seconds
    connector: Seconds
    language: Seconds
    decode: Seconds

    @property
    def prefill(self) -> Seconds:
        """Time to the first token."""
        return self.vision + self.connector + self.language


def now(device: torch.device) -> Seconds:
    """This moment, once the device has done all it was told to."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
    return Seconds(time.perf_counter(), time.process_time())


class Stopwatch(BaseStreamer):
    """A streamer for ``generate`` that looks at the clock instead of showing tokens, in a ``with`` block around it.

    Hooks on the modules that pictures pass tell when they do; they change nothing.

    Args:
        core: an ``FCoTVLModel``.
        device: where it works; its queue is waited for before each look at the clock.
    """

    def __init__(self, core: nn.Module, device: torch.device) -> None:
        self._device = device
        self._vision_tower = core.get_submodule("vision_tower")
        self._connecting = core.get_submodule("compressor"), core.get_submodule("multi_modal_projector")
        self._hooks: list[RemovableHandle] = []
        self._tokens: list[Seconds] = []
        self._vision, self._connector = Seconds(), Seconds()

    def __enter__(self) -> Self:
        self._hooks = [
            self._vision_tower.register_forward_pre_hook(self._hook(self._vision_begins)),
            self._vision_tower.register_forward_hook(self._hook(self._vision_ends)),
            *(module.register_forward_hook(self._hook(self._connected)) for module in self._connecting),
        ]
        self._start = now(self._device)
        return self

    def __exit__(self, *raised: Any) -> None:
        for hook in self._hooks:
            hook.remove()

    def put(self, value: torch.Tensor) -> None:
        """Called by ``generate`` with the prompt, then with each token."""
        self._tokens.append(now(self._device))

    def end(self) -> None:
        """Called by ``generate`` after the last token."""

    @property
    def spans(self) -> Spans:
        """What was measured: of an answer of at least one token, to a prompt with pictures."""
        first, last = self._tokens[1], self._tokens[-1]  # before them stands the prompt
        language = first - self._start - self._vision - self._connector
        return Spans(self._vision, self._connector, language, last - first)

    def _vision_begins(self) -> None:
        self._mark = now(self._device)

    def _vision_ends(self) -> None:
        begun, self._mark = self._mark, now(self._device)
        self._vision += self._mark - begun

    def _connected(self) -> None:
        begun, self._mark = self._mark, now(self._device)
        self._connector += self._mark - begun

    @staticmethod
    def _hook(look: Callable[[], None]) -> Callable[..., None]:
        return lambda *_: look()
