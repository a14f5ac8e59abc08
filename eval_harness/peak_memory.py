"""How much memory a piece of work takes beyond what was held before: not weights, but activations and caches."""

import gc
import sys
from pathlib import Path
from typing import Any, Self

import torch

_RESET = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class PeakMemory:
    """A block whose peak is measured: by the allocator of an accelerator, by the kernel on Linux's CPU.

    The kernel counts resident pages, so what the C library keeps of earlier work hides as much of the next; tensors of
    more than 32 MB are given back at once. Elsewhere nothing is measured.

    Args:
        device: where the work is done.
    """

    bytes: int | None = None
    """After the block: the most that was held inside it, less what was held before."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._measured = device.type != "cpu" or sys.platform == "linux"

    def __enter__(self) -> Self:
        if self._measured:
            gc.collect()
            self._before = self._reset()
        return self

    def __exit__(self, *raised: Any) -> None:
        if self._measured:
            self.bytes = self._peak() - self._before

    def _reset(self) -> int:
        """Forget earlier peaks; bytes held now."""
        if self._device.type != "cpu":
            torch.accelerator.reset_peak_memory_stats(self._device)
            return torch.accelerator.memory_allocated(self._device)
        _RESET.write_text("5")  # https://docs.kernel.org/filesystems/proc.html: peak resident set to the current one
        return self._peak()

    def _peak(self) -> int:
        if self._device.type != "cpu":
            return torch.accelerator.max_memory_allocated(self._device)
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
