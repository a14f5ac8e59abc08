"""One call from a model and ``METHOD:KEEP`` to the reduced model: what ``eval --reduce`` and ``bench --reduce`` use."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from fcotvl_hf.eval_harness.processors import Processors
from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .divprune import divprune
from .fastv import fastv, kept_count
from .fewer_tiles import fewer_tiles
from .mean_pooling import mean_pooling
from .prumerge import prumerge
from .random_drop import random_drop
from .smaller_tiles import smaller_tiles
from .specification import METHODS, Specification, parse_specification
from .tome import tome
from .visionzip import visionzip

Loaded: TypeAlias = tuple[FCoTVLForConditionalGeneration, Processors]


@dataclass(frozen=True)
class Reduced:
    """A reduced model.

    Args:
        model: shares the weights of the model that was reduced.
        processor: its processor, or row id → processor.
        specification: how it was reduced.
    """

    model: FCoTVLForConditionalGeneration
    processor: Processors
    specification: Specification

    def tokens_per_layer(self, placeholders: int) -> list[int]:
        """How many visual tokens of a row each layer of the language model sees.

        Args:
            placeholders: the row's, as the processor writes them.
        """
        depth = self.model.config.text_config.num_hidden_layers
        if self.specification.method != "fastv":
            return [placeholders] * depth
        layer = int(self.specification.options["layer"])
        return [placeholders] * layer + [kept_count(placeholders, self.specification.keep)] * (depth - layer)


def reduced(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    specification: str | Specification,
    rows: Iterable[Row] | None = None,
) -> Reduced:
    """Reduce a model without training.

    Args:
        model: one of stride 1; not changed.
        processor: its processor; not changed.
        specification: such as ``fastv:0.5``, see ``specification.METHODS``.
        rows: those that will be evaluated; methods that choose tiles page by page need them.

    Raises:
        UsageError: the specification is none.
        ValueError: the method does not fit this model, or needs rows.
    """
    asked = parse_specification(specification) if isinstance(specification, str) else specification
    return Reduced(*_load(model, processor, asked, rows), asked)


def _load(
    model: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, asked: Specification, rows: Iterable[Row] | None
) -> Loaded:
    name, stride, options = asked.method, asked.stride, asked.options
    if METHODS[name].needs_rows and rows is None:
        raise ValueError(f"{name} chooses tiles page by page, so it can be evaluated on rows only")
    if name == "mean":
        return mean_pooling(model, processor, stride, "row" if options["window"] == "row" else "square")
    if name == "random":
        return random_drop(model, processor, stride, int(options["seed"]))
    if name == "smaller-tiles":
        return smaller_tiles(model, processor, rows or (), stride)
    if name == "fewer-tiles":
        return fewer_tiles(model, processor, rows or (), asked.keep)
    if name == "fastv":
        return fastv(model, processor, asked.keep, int(options["layer"]))
    by_tile = {"divprune": divprune, "tome": tome, "prumerge": prumerge, "visionzip": visionzip}
    return by_tile[name](model, processor, stride)
