"""Stage 1, perceive: ViT and projector learn which characters stand in each visual token.

A throw-away linear head names, for each of the 16 cells of a tile, the first three characters whose centre lies in it,
left to right. The pages are dense, since no language model makes long labels expensive, and go from black on white in
small type to any colour and size. Without this stage the same model end to end is still at chance after the time it
takes to read well with it: dense labels teach the ViT letters before the language model asks for them.
"""

from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from fcotvl_hf.dataset_builders.ocr_mix import recognition
from fcotvl_hf.dataset_builders.rendering import Domain, Glyph
from fcotvl_hf.dataset_builders.texts import CHARACTERS, Lexicon
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLImageProcessor

from .architecture import TILE
from .loop import Schedule, train
from .pages import Batch, stream
from .precision import fastest_attention

SLOTS = 3
ROW = 4
_CLASSES = {character: index for index, character in enumerate(CHARACTERS, start=1)}


def cell_labels(glyphs: list[Glyph], width: int, height: int) -> torch.Tensor:
    """Class ids of the characters in each visual token of a one-tile page.

    Args:
        glyphs: characters and their centres in pixels.
        width: of the page in pixels.
        height: of the page in pixels.

    Returns:
        ``[ROW², SLOTS]``; 0 where a cell holds fewer characters.
    """
    labels = torch.zeros(ROW * ROW, SLOTS, dtype=torch.long)
    filled = [0] * (ROW * ROW)
    for glyph in sorted(glyphs, key=lambda glyph: glyph.x):
        column, row = int(glyph.x / width * ROW), int(glyph.y / height * ROW)
        cell = row * ROW + column
        if 0 <= column < ROW and 0 <= row < ROW and filled[cell] < SLOTS:
            labels[cell, filled[cell]] = _CLASSES[glyph.character]
            filled[cell] += 1
    return labels


def make_pool(step: int, *, schedule: Schedule, seed: int, tiling: FCoTVLImageProcessor) -> list[Batch]:
    """One batch of one-tile pages: ``pixel_values [size, 3, 112, 112]`` and ``labels [size, 16, SLOTS]``."""
    size, done = schedule.batch_size, step / schedule.steps
    domain = Domain(
        lexicon=Lexicon(random_share=0.5), text_height=(16, 24 + int(16 * done)), plain=max(0.4, 1 - 2 * done)
    )
    first = seed + step * size
    samples = [recognition.sample(index, domain, max_tiles=1, dense=True) for index in range(first, first + size)]
    pixels = tiling([sample.image for sample in samples], max_patches=1, return_tensors="pt")["pixel_values"]
    labels = [cell_labels(sample.glyphs, *sample.image.size) for sample in samples]
    return [{"pixel_values": pixels, "labels": torch.stack(labels)}]


class Perceiver(nn.Module):
    """The vision half of the model with the throw-away head."""

    def __init__(self, model: FCoTVLForConditionalGeneration) -> None:
        super().__init__()
        self.vision_tower = model.model.vision_tower
        self.projector = model.model.multi_modal_projector
        self.shuffle = model.model.pixel_shuffle
        self.head = nn.Linear(model.config.text_config.hidden_size, SLOTS * (len(CHARACTERS) + 1))

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        patches = self.vision_tower(pixel_values=pixel_values).last_hidden_state[:, 1:]
        grid = patches.unflatten(1, (2 * ROW, 2 * ROW))
        tokens = self.projector(self.shuffle(grid).flatten(1, 2))  # [tiles, 16, text width]
        return self.head(tokens).unflatten(-1, (SLOTS, -1))  # [tiles, 16, SLOTS, classes]


def perceive(model: FCoTVLForConditionalGeneration, folder: Path, schedule: Schedule, seed: int) -> None:
    """Run the stage; ``model``'s vision tower and projector are trained in place."""
    model.set_attn_implementation(fastest_attention())
    perceiver = Perceiver(model)
    forward = torch.compile(perceiver, dynamic=False)
    weight = torch.ones(len(CHARACTERS) + 1)
    weight[0] = 0.1

    def loss_of(batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        logits, labels = forward(batch["pixel_values"]), batch["labels"]
        written = labels > 0
        accuracy = (logits.argmax(-1) == labels)[written].float().mean().item()
        return F.cross_entropy(logits.flatten(0, 2), labels.flatten(), weight), {"accuracy": accuracy}

    tiling = FCoTVLImageProcessor(size={"height": TILE, "width": TILE})
    pool = partial(make_pool, schedule=schedule, seed=seed, tiling=tiling)
    train(perceiver, loss_of, lambda first: stream(pool, 1, first), schedule, folder)
