"""Pages under a grey veil that is thin where an answer looks and thick where it does not (the paper's Figure 6).

``attention.json`` in a folder of results lists the pictures of an evaluation, for its report.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import torch
from PIL import Image

from fcotvl_hf.cost.tokens import Tiling, tiling_of
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.images import load_image
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .attention import answer_attention, even_share, page_heat, token_window
from .backend import Conversation
from .pictures import png, side_by_side
from .processors import Processors, Tilings
from .rows import Row, conversation
from .samples import Record
from .tasks.task import Task

FOLDER, INDEX = "attention", "attention.json"

_VEIL, _THICKEST = (128, 128, 128), 0.85
_FULL = 0.99
"""Share of the page's cells that are below full brightness: single cells draw much attention whatever is asked."""


class Picture(TypedDict):
    """One entry of ``attention.json``."""

    task: str
    id: str
    prediction: str
    share: float  # of the answer's attention that goes to the images, 0 to 1
    file: str  # relative to the folder of results


class Look(NamedTuple):
    """Where an answer looks.

    Args:
        heats: of each page, ``[rows, columns]`` of the teacher's tokens, see ``attention.page_heat``.
        share: of the answer's attention that goes to all pages, 0 to 1.
        even_share: what it would be if the answer looked everywhere alike.
        tokens: visual tokens of all pages.
    """

    heats: list[torch.Tensor]
    share: float
    even_share: float
    tokens: int


def attention_picture(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    talk: Conversation,
    images: Sequence[Image.Image],
    answer: str,
) -> tuple[Image.Image, float]:
    """Draw where an answer looks.

    Args:
        model: of any stride, with a compressor whose tokens have a place.
        processor: the model's.
        talk: messages up to the question.
        images: RGB pages of the conversation.
        answer: what was said, or what might have been.

    Returns:
        The veiled pages side by side, and the share of the answer's attention that goes to them.

    Raises:
        ValueError: the answer is empty, there is no image, or the compressor's tokens have no place on the page.
    """
    look = page_attention(model, processor, talk, images, answer)
    return side_by_side([veiled(*pair) for pair in zip(images, look.heats, strict=True)]), look.share


def page_attention(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    talk: Conversation,
    images: Sequence[Image.Image],
    answer: str,
) -> Look:
    """Where an answer looks; arguments and errors as those of ``attention_picture``."""
    window = token_window(model.config)
    text = processor.apply_chat_template(list(talk), add_generation_prompt=True)
    inputs = processor(text=text, images=list(images) or None, return_tensors="pt").to(model.device)
    said = processor.tokenizer(answer, add_special_tokens=False, return_tensors="pt").input_ids[0].long()
    shares = answer_attention(model, inputs, said)  # [visual tokens]
    evenly = even_share(len(shares), inputs["input_ids"].shape[1], len(said))
    return Look(page_heats(shares, processor, images, window), float(shares.sum()), evenly, len(shares))


def page_heats(
    shares: torch.Tensor, processor: FCoTVLProcessor, images: Sequence[Image.Image], window: tuple[int, int]
) -> list[torch.Tensor]:
    """Lay the shares of a prompt's visual tokens on its pages, see ``attention.page_heat``.

    Args:
        shares: ``[visual tokens]`` in the order of the prompt.
        processor: what cut the pages into tiles.
        images: the pages.
        window: height and width of what a token stands for, see ``attention.token_window``.
    """
    cuts = [tiling(processor, page) for page in images]
    per_page = shares.split([cut.tiles * processor.image_seq_length for cut in cuts])
    return [
        page_heat(share.reshape(cut.tiles, -1), cut.columns, cut.rows, window)
        for share, cut in zip(per_page, cuts, strict=True)
    ]


def tiling(processor: FCoTVLProcessor, page: Image.Image) -> Tiling:
    """How a processor cuts a page."""
    tiles = processor.image_processor
    return tiling_of(
        *page.size, tile_size=tiles.size["height"], min_tiles=tiles.min_patches, max_tiles=tiles.max_patches
    )


def veiled(page: Image.Image, heat: torch.Tensor) -> Image.Image:
    """Lay a grey veil over a page, thickest where the heat is 0.

    Args:
        page: RGB.
        heat: not negative, ``[rows, columns]`` evenly over the page; only its proportions matter.
    """
    full = heat.flatten().quantile(_FULL).clamp_min(torch.finfo(heat.dtype).tiny)
    clear = 1 - _THICKEST * (1 - (heat / full).clamp(max=1))  # [rows, columns], how much of the page is seen
    mask = Image.fromarray((255 * clear).round().byte().cpu().numpy())
    return Image.composite(page, Image.new("RGB", page.size, _VEIL), mask.resize(page.size, Image.Resampling.BILINEAR))


def write_pictures(
    folder: Path,
    model: FCoTVLForConditionalGeneration,
    processors: Processors,
    task: Task,
    rows: Iterable[Row],
    records: Mapping[str, Record],
) -> None:
    """Draw where a model's answers to some rows of a task look; replaces the task's earlier pictures.

    Args:
        folder: of the results.
        model: what answered.
        processors: as ``evaluate`` took them.
        task: the task.
        rows: those to draw; empty answers are left out.
        records: row id → its record.

    Raises:
        ValueError: see ``attention_picture``.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    drawn = [picture for picture in read_pictures(folder) if picture["task"] != task.name]
    tilings = Tilings(processors, task.max_tiles)
    for number, row in enumerate(rows):
        prediction = records[row["id"]]["prediction"]
        if not prediction:
            continue
        pages = [load_image(image) for image in row["images"]]
        talk = conversation(row, task.prompt)
        picture, share = attention_picture(model, tilings[row["id"]], talk, pages, prediction)
        file = f"{FOLDER}/{task.name}-{number}.png"
        atomic_write(folder / file, png(picture))
        drawn.append(Picture(task=task.name, id=row["id"], prediction=prediction, share=share, file=file))
    atomic_write(folder / INDEX, json.dumps(drawn, indent=2, ensure_ascii=False) + "\n")


def read_pictures(folder: Path) -> list[Picture]:
    """The content of ``folder/attention.json``; nothing if there is none."""
    path = folder / INDEX
    pictures: list[Picture] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return pictures
