"""The checkpoints of a merge, opened and checked, and what merges of them are made of."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import fsum, prod
from pathlib import Path
from typing import Any

import psutil
import torch

from fcotvl_hf.hub.names import asking_hub, resolve_model

from . import methods
from .blocks import Blocks
from .compatibility import check_settings, check_tensors
from .sources import FolderSource, MemorySource, Source, is_adapter

logger = logging.getLogger(__name__)

Named = tuple[str, torch.Tensor]
_ROUNDING = 1e-12
_MEMORY_SHARE = 0.5
_READERS = 4
"""Checkpoints that are read at the same time."""


@dataclass(frozen=True)
class Recipe:
    """What makes a merge out of a pool.

    Args:
        weights: one for each checkpoint; what they mean is the method's.
        method: ``linear``, ``ties``, ``dare``, ``slerp`` or ``model-stock``.
        settings: further arguments of that function in ``methods``.
    """

    weights: tuple[float, ...]
    method: str = "linear"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def terms(self) -> dict[int, float]:
        """Coefficients of a linear merge without zeros; −1 stands for the base: θ = (1 − Σw) θ_base + Σ w_i θ_i."""
        rest = 1 - fsum(self.weights)
        terms = {-1: 0.0 if abs(rest) < _ROUNDING else rest, **dict(enumerate(self.weights))}
        return {index: weight for index, weight in terms.items() if weight != 0} or {-1: 1.0}


class Pool:
    """A base and checkpoints that belong together. Merges have the types of the last model, ``model_folder``'s.

    Args:
        base: folder or packaged name of θ_base.
        checkpoints: folders of θ_1 … θ_n, models or LoRA adapters of the base, in the order of training.

    Raises:
        FileNotFoundError: a folder is missing or holds no safetensors.
        ValueError: something is damaged, or they do not belong together.
    """

    def __init__(self, base: Path | str, checkpoints: Sequence[Path | str]) -> None:
        self.base: Source = FolderSource(_local(base))
        self.checkpoints: list[Source] = [self._open(_local(folder)) for folder in checkpoints]
        sources = [self.base, *self.checkpoints]
        models = [source for source in sources if not is_adapter(source.folder)]
        check_settings([source.folder for source in models])
        names = check_tensors(sources)
        self.model_folder = models[-1].folder
        self.specs = {name: models[-1].specs[name] for name in names}

    def _open(self, folder: Path) -> Source:
        if not is_adapter(folder):
            return FolderSource(folder)
        from .adapters import AdapterSource  # PEFT takes seconds to import

        return AdapterSource(folder, self.base)

    def keep_in_memory(self) -> bool:
        """Read everything once for many merges, if it takes at most half of the free memory; tells whether it did."""
        sources = [self.base, *self.checkpoints]
        needed = sum(spec.bytes for source in sources for spec in source.specs.values())
        free = psutil.virtual_memory().available
        if needed > _MEMORY_SHARE * free:
            logger.info("%d checkpoints take %.1f GB: they are read again for each merge", len(sources), needed / 1e9)
            return False
        kept: list[Source] = [MemorySource(source) for source in sources]
        self.base, *self.checkpoints = kept
        return True

    def merged(self, recipe: Recipe) -> Iterator[Named]:
        """The tensors of a merge in the order and types of ``specs``, each made when it is asked for.

        Args:
            recipe: what to make.
        """
        rows, combine = self._plan(recipe)
        with ThreadPoolExecutor(_READERS) as readers:
            for name, spec in self.specs.items():
                if not spec.dtype.is_floating_point:  # equal everywhere, as was checked
                    yield name, self.base.read(name, 0, prod(spec.shape)).reshape(spec.shape)
                    continue
                merged = torch.empty(prod(spec.shape), dtype=spec.dtype)
                done = 0
                with _one_thread():
                    for part in combine(Blocks(name, rows, readers)):
                        merged[done : done + len(part)] = part  # the one rounding
                        done += len(part)
                yield name, merged.reshape(spec.shape)

    def _plan(self, recipe: Recipe) -> tuple[list[Source], Callable[[Blocks], Iterator[torch.Tensor]]]:
        """The rows of each tensor's blocks, and what becomes of them; what a linear merge does not need is not read."""
        sources = [*self.checkpoints, self.base]  # the base is number −1
        everything = [self.base, *self.checkpoints]
        match recipe.method:
            case "linear":
                terms = recipe.terms()
                return [sources[i] for i in terms], partial(methods.linear, coefficients=tuple(terms.values()))
            case "slerp":
                return self.checkpoints, partial(methods.slerp, t=recipe.weights[1])
            case "model-stock":
                return everything, methods.model_stock
            case "ties":
                return everything, partial(methods.ties, weights=recipe.weights, **recipe.settings)
            case "dare":
                return everything, partial(methods.dare, weights=recipe.weights, **recipe.settings)
        raise ValueError(f"there is no method {recipe.method!r}")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Blocks are so small that threads would spend most of their time meeting each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _local(folder: Path | str) -> Path:
    """The folder that a name means, downloaded if it is a Hub id.

    Raises:
        FileNotFoundError: there is none, and it is no Hub id: a path into a folder that exists is taken for a slip.
    """
    path = Path(resolve_model(str(folder)))
    if path.is_dir():
        return path
    if path.parent.is_dir():
        raise FileNotFoundError(f"no checkpoint at {folder}")
    from huggingface_hub import snapshot_download

    with asking_hub(str(folder)):
        return Path(snapshot_download(str(folder), ignore_patterns=["*.bin", "*.pt", "*.pth", "*.gguf", "*.onnx"]))
