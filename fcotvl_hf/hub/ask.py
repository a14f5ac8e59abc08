"""Ask one model a question about pages and watch it answer, or put several models' answers side by side."""

import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text
from transformers import TextStreamer

from fcotvl_hf.command import UsageError, check_file, names_in
from fcotvl_hf.cost.tokens import visual_tokens
from fcotvl_hf.eval_harness.attention_pictures import attention_picture
from fcotvl_hf.eval_harness.pictures import png, side_by_side
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.images import load_image
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .models import PACKAGED, load_model, resolve_model

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a model said.

    Args:
        model: as the user named it.
        answer: the text, special tokens removed.
        tiles: tiles of all images, thumbnails included.
        visual_tokens: what the images took in the language model.
        seconds: from the pages to the last token.
    """

    model: str
    answer: str
    tiles: int
    visual_tokens: int
    seconds: float


def answer(
    name: str,
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    images: Sequence[Image.Image],
    question: str,
    max_new_tokens: int,
    streamer: TextStreamer | None = None,
) -> Answer:
    """Let a model answer a question about images, greedily.

    Args:
        name: what to call the model in the result.
        model: a loaded model.
        processor: its processor.
        images: RGB pages, shown before the question in this order.
        question: what to ask.
        max_new_tokens: where a longer answer is cut.
        streamer: gets the tokens as they come.
    """
    tiles_of = processor.image_processor.get_number_of_image_patches
    tiles = sum(tiles_of(image.height, image.width) for image in images)
    started = time.monotonic()
    said = model.chat(processor, images, question, max_new_tokens=max_new_tokens, do_sample=False, streamer=streamer)
    seconds = time.monotonic() - started
    return Answer(name, said, tiles, visual_tokens(tiles, processor.image_seq_length), round(seconds, 3))


def model_names(model: str, compare: bool) -> list[str]:
    """The models a command means.

    Args:
        model: one name, or several with commas between them.
        compare: let a packaged name stand for all packaged models.

    Raises:
        UsageError: there is no model, or only one to compare.
    """
    names = [model] if model and Path(model).is_dir() else names_in(model)
    if not names:
        raise UsageError(f"{model!r} names no model; give a folder, a Hub id or one of {', '.join(PACKAGED)}")
    if compare and len(names) == 1:
        if names[0] not in PACKAGED:
            raise UsageError(f"--compare needs several models; name them with commas: {names[0]},OTHER")
        return list(PACKAGED)
    return names


def ask(
    model: str,
    images: Sequence[Path],
    question: str,
    *,
    compare: bool = False,
    max_new_tokens: int = 512,
    as_json: bool = False,
    attention: Path | None = None,
) -> None:
    """Write a model's answer to stdout as it comes, or a table or JSON with the answers of all models.

    Args:
        model: one name, or several with commas between them.
        images: image files.
        question: what to ask.
        compare: let a packaged name stand for all packaged models.
        max_new_tokens: where a longer answer is cut.
        as_json: write one JSON object per model and line instead.
        attention: PNG file for the pages as the models' answers look at them, side by side.

    Raises:
        UsageError: there is no model, only one to compare, or ``attention`` cannot be a file.
        ValueError: a file is no image, or a model cannot be used.
        OSError: a file or a model is not there.
    """
    names = model_names(model, compare)
    if attention:
        check_file(attention)
    for name in names:
        resolve_model(name)  # say what is missing before anything slow begins
    pages = [load_image(path) for path in images]
    answers, looks = [], []
    for name in names:
        loaded, processor = load_model(name)
        streams = len(names) == 1 and not as_json
        streamer = TextStreamer(processor.tokenizer, skip_prompt=True, skip_special_tokens=True) if streams else None
        given = answer(name, loaded, processor, pages, question, max_new_tokens, streamer)
        answers.append(given)
        logger.info(
            "%s: visual tokens %d, tiles %d, seconds %.1f", name, given.visual_tokens, given.tiles, given.seconds
        )
        if attention:
            looks.append(_look(loaded, processor, pages, question, given))
        if as_json:
            sys.stdout.write(json.dumps(asdict(given), ensure_ascii=False) + "\n")
    if len(names) > 1 and not as_json:
        Console().print(_table(answers))
    if attention:
        atomic_write(attention, png(side_by_side(looks)))


def _look(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    pages: Sequence[Image.Image],
    question: str,
    given: Answer,
) -> Image.Image:
    content = [*({"type": "image"} for _ in pages), {"type": "text", "text": question}]
    talk = [{"role": "user", "content": content}]
    picture, share = attention_picture(model, processor, talk, pages, given.answer)
    logger.info("%s: %.0f %% of the answer's attention goes to the pages", given.model, 100 * share)
    return picture


def _table(answers: Sequence[Answer]) -> Table:
    table = Table()
    for given in answers:
        table.add_column(Text(f"{given.model}\n{given.visual_tokens} visual tokens"), overflow="fold", ratio=1)
    table.add_row(*(Text(given.answer) for given in answers))
    return table
