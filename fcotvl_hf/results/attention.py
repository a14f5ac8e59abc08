"""Figure 6: where answers look, drawn for some pages and counted over more: how much of it falls on ink."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.attention_pictures import page_attention, veiled
from fcotvl_hf.eval_harness.pictures import png, side_by_side
from fcotvl_hf.eval_harness.rows import conversation, references
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.hub.models import PACKAGED, load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.tiny.scores import Rows, fresh_rows
from fcotvl_hf.tiny.weights import weights_of

from .stage import Figures, Pictures, Stage

_INK = 64
"""Difference in brightness to the page's most common one from which a pixel is ink."""

_CELLS = (16, 16)
"""Rows and columns of the grid on which ink and attention are compared."""

Looks = tuple[torch.Tensor, float]
"""Heat of a page, ``[rows, columns]``, and the share of the attention that goes to the page."""


class Attention(Stage):
    """The right answers' attention, so that all models are asked to look for the same."""

    name = "attention"

    @property
    def settings(self) -> Figures:
        return {"pages_per_task": self.plan.measured, "drawn": self.plan.pictured, "models": weights_of()}

    def measure(self) -> Figures:
        rows = _rows(self.plan.measured)
        models = {}
        for name in PACKAGED:
            looks = _looks(*load_model(name), rows)
            kept = [on_ink(row["images"][0], heat) for row, (heat, _) in zip(rows, looks, strict=True)]
            models[name] = {"share_on_page": fmean(share for _, share in looks), "share_on_ink": fmean(kept)}
        even = [on_ink(row["images"][0], torch.ones(2, 2)) for row in rows]
        pictures = len(_rows(self.plan.pictured))
        return {"pages": len(rows), "pictures": pictures, "ink_by_chance": fmean(even), "models": models}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        rows = _rows(self.plan.pictured)
        looks = [_looks(*load_model(name), rows) for name in PACKAGED]
        sheets = zip(rows, zip(*looks, strict=True), strict=True)
        return {f"attention-{number}.png": _sheet(row["images"][0], seen) for number, (row, seen) in enumerate(sheets)}


def on_ink(page: Image.Image, heat: torch.Tensor) -> float:
    """Share of a page's heat that falls on cells with ink.

    Args:
        page: as it was drawn.
        heat: ``[rows, columns]`` evenly over the page.
    """
    grey = torch.from_numpy(np.array(page.convert("L"), dtype=np.int16))  # [height, width]
    ground = grey.flatten().mode().values
    ink = ((grey - ground).abs() > _INK).float()[None, None]  # [1, 1, height, width]
    covered = F.adaptive_max_pool2d(ink, _CELLS)
    spread = F.adaptive_avg_pool2d(heat[None, None].float(), _CELLS)
    return float((spread * covered).sum() / spread.sum())


def _rows(count: int) -> Rows:
    return fresh_rows(count, 0, Domain())


def _looks(model: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, rows: Rows) -> list[Looks]:
    looks = []
    for row in rows:
        talk = conversation(row, get_task(f"tiny-{row['task']}").prompt)
        (heat,), share = page_attention(model, processor, talk, row["images"], references(row)[0])
        looks.append((heat, share))
    return looks


def _sheet(page: Image.Image, seen: Sequence[Looks]) -> bytes:
    """The page, and under the veil of each model."""
    return png(side_by_side([page, *(veiled(page, heat) for heat, _ in seen)]))
