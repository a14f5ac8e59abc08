"""Figure 6: where answers look, drawn for some pages and counted over more: how much of it falls on ink."""

from collections.abc import Mapping
from statistics import fmean
from textwrap import shorten
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw

from fcotvl_hf.dataset_builders.fonts import load_font
from fcotvl_hf.dataset_builders.rendering import Domain, line_height
from fcotvl_hf.eval_harness.attention_pictures import Look, page_attention, veiled
from fcotvl_hf.eval_harness.pictures import png, side_by_side
from fcotvl_hf.eval_harness.rows import Row, conversation, references
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

_SCALE, _FONT, _COLOURS = 2, ("DejaVuSans", 18), 64
"""Of the pictures: how much larger than the page, letters of the names above, colours."""

_TOLD = 80
"""Characters of an answer that stand beside its picture."""


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
            models[name] = {
                "tokens": fmean(look.tokens for look in looks),
                "share_on_page": fmean(look.share for look in looks),
                "page_by_chance": fmean(look.even_share for look in looks),
                "share_on_ink": fmean(
                    on_ink(row["images"][0], look.heats[0]) for row, look in zip(rows, looks, strict=True)
                ),
            }
        even = fmean(on_ink(row["images"][0], torch.ones(2, 2)) for row in rows)
        shown = [_told(row) for row in _pictured(self.plan.pictured)]
        return {"pages": len(rows), "shown": shown, "ink_by_chance": even, "models": with_ratios(models)}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        rows = _pictured(self.plan.pictured)
        looks = [_looks(*load_model(name), rows) for name in PACKAGED]
        sheets = zip(rows, zip(*looks, strict=True), strict=True)
        return {
            f"attention-{number}.png": _sheet(row["images"][0], dict(zip(PACKAGED, seen, strict=True)))
            for number, (row, seen) in enumerate(sheets)
        }


def with_ratios(models: Mapping[str, Figures]) -> dict[str, Figures]:
    """Add how many times as much attention one visual token gets as one of the first model's: ``per_token_ratio``.

    Args:
        models: name → ``share_on_page``, ``tokens`` of a page, and more.
    """
    each = {name: model["share_on_page"] / model["tokens"] for name, model in models.items()}
    first = next(iter(each.values()))
    return {name: {**model, "per_token_ratio": each[name] / first} for name, model in models.items()}


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


def _pictured(count: int) -> Rows:
    """Questions first: their answers stand in one place."""
    return sorted(_rows(count), key=lambda row: row["task"] != "lookup")


def _asked(row: Row) -> list[dict[str, Any]]:
    return conversation(row, get_task(f"tiny-{row['task']}").prompt)


def _told(row: Row) -> Figures:
    """What a picture shows, in a line each."""
    answer = shorten(references(row)[0], _TOLD, placeholder=" …")
    return {"task": row["task"], "question": _asked(row)[-1]["content"][-1]["text"], "answer": answer}


def _looks(model: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, rows: Rows) -> list[Look]:
    return [page_attention(model, processor, _asked(row), row["images"], references(row)[0]) for row in rows]


def _sheet(page: Image.Image, seen: Mapping[str, Look]) -> bytes:
    """The page, and under the veil of each model; enlarged, with names above."""
    large = page.resize((_SCALE * page.width, _SCALE * page.height), Image.Resampling.LANCZOS)
    panels = {"page": large, **{name: veiled(large, look.heats[0]) for name, look in seen.items()}}
    return png(side_by_side([_titled(panel, name) for name, panel in panels.items()]), _COLOURS)


def _titled(panel: Image.Image, name: str) -> Image.Image:
    font = load_font(*_FONT)
    above = line_height(font)
    sheet = Image.new("RGB", (panel.width, above + panel.height), "white")
    ImageDraw.Draw(sheet).text((0, 0), name, "black", font)
    sheet.paste(panel, (0, above))
    return sheet
