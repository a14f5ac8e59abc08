"""A stage: one file of results and its pictures, made once for its settings.

The file is written last, in one step: where it is, the stage is complete. It holds ``settings``, what the figures
depend on; ``made``, how and when they were made; and the figures.
"""

import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcotvl_hf.eval_harness.results import code_commit
from fcotvl_hf.io.atomic import atomic_write

from .plan import Plan

logger = logging.getLogger(__name__)

Figures = dict[str, Any]
"""JSON values."""
Pictures = dict[str, str | bytes]
"""File name → content."""


class Stage(ABC):
    """One table or figure.

    Args:
        plan: what to measure.
    """

    name: str
    """Its file is ``results/NAME.json``."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @property
    def path(self) -> Path:
        """The file."""
        return self.plan.out / f"{self.name}.json"

    @property
    def runs(self) -> Path:
        """Where the stage may keep what it needs to go on after it was stopped."""
        return self.plan.runs / self.name

    @property
    @abstractmethod
    def settings(self) -> Figures:
        """What the figures depend on, as JSON values."""

    @property
    def missing(self) -> str | None:
        """What must be there before the stage can run, if it is not."""
        return None

    @abstractmethod
    def measure(self) -> Figures:
        """Get the figures; called again after it was stopped, it goes on."""

    @abstractmethod
    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        """Draw the figures of a file.

        Args:
            figures: the content of the file.
        """

    def run(self) -> bool:
        """Make the file unless it is there with these settings, and the pictures in any case.

        A file whose stage cannot be run here stays as it is.

        Returns:
            Whether the file is there now.

        Raises:
            ValueError: the file is broken.
        """
        figures = read_figures(self.path)
        if self.missing:
            logger.warning("%s: %s, %s", self.name, "skipped" if figures is None else "left as it is", self.missing)
            if figures is None:
                return False
        elif figures is None or figures["settings"] != self.settings:
            logger.info("%s: measuring", self.name)
            started = time.time()
            settings, measured = self.settings, self.measure()
            figures = {"settings": settings, "made": how_made(started), **measured}
        else:
            logger.info("%s: is there", self.name)
        for name, content in self.draw(figures).items():
            atomic_write(self.plan.out / name, content)
        atomic_write(self.path, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
        return True


def read_figures(path: Path) -> Figures | None:
    """The content of a file of results; ``None`` if there is none.

    Raises:
        ValueError: it is broken.
    """
    if not path.exists():
        return None
    try:
        figures: Figures = json.loads(path.read_text(encoding="utf-8"))
        figures["settings"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no file of results ({error}); remove it, and it is made again") from error
    return figures


def how_made(started: float) -> Figures:
    """When and with what figures were made, as JSON values.

    Args:
        started: when that began, in seconds since the epoch.
    """
    import platform
    from importlib.metadata import version

    import torch

    return {
        "on": time.strftime("%Y-%m-%d", time.gmtime(started)),
        "seconds": round(time.time() - started, 1),
        "commit": code_commit(),
        "machine": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("fcotvl-hf", "torch", "transformers")},
    }
