"""How many visual tokens will I get, and what do they cost? Answered from headers of files, before anything is run."""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from fcotvl_hf.command import UsageError
from fcotvl_hf.cost.configs import FILES, read_shape
from fcotvl_hf.cost.report import report
from fcotvl_hf.cost.shapes import DEFAULT_SHAPE, SHAPES, Shape
from fcotvl_hf.cost.table import WIDTH, render
from fcotvl_hf.io.images import read_size

from .names import local_folder

logger = logging.getLogger(__name__)


def tokens(
    images: Sequence[Path],
    *,
    model: str | None = None,
    shape: str | None = None,
    strides: Sequence[int] | None = None,
    max_tiles: int | None = None,
    text_tokens: int = 80,
    kv_dtype: str = "bfloat16",
    as_json: bool = False,
) -> None:
    """Write what images cost to stdout, as a table or as JSON.

    Args:
        images: image files.
        model: packaged name, folder or Hub id, of which only the settings are read.
        shape: a key of ``SHAPES`` instead; without either, ``DEFAULT_SHAPE``.
        strides: what to compare; by default 1, 2, 4 and the model's own.
        max_tiles: most tiles of an image, the thumbnail not counted; the model's by default.
        text_tokens: tokens of a prompt that are no visual tokens.
        kv_dtype: a key of ``cost.kv.VALUE_BYTES``.
        as_json: write one JSON object, the fields of ``cost.report.Report``, instead of the table.

    Raises:
        UsageError: a stride or number of tiles does not fit the model.
        ValueError: a file is no image, or it is another kind of model.
        OSError: a file or a model is not there.
    """
    if model is None and shape is None:
        logger.info("no --model or --shape given: counting for %s", DEFAULT_SHAPE)
    chosen = SHAPES[shape or DEFAULT_SHAPE] if model is None else shape_of(model)
    sizes = [(str(path), *read_size(path)) for path in images]
    try:
        counted = report(
            chosen, sizes, strides=strides, max_tiles=max_tiles, text_tokens=text_tokens, kv_dtype=kv_dtype
        )
    except ValueError as error:  # sizes are known to be good
        raise UsageError(str(error)) from None
    if as_json:
        sys.stdout.write(json.dumps(asdict(counted), ensure_ascii=False) + "\n")
    else:
        console = Console(highlight=False)
        console.width = max(console.width, WIDTH)  # figures are never cut
        console.print(render(counted))


def shape_of(model: str) -> Shape:
    """The shape of a model, without its weights; of a Hub repository only the JSON files are fetched.

    Args:
        model: packaged name, folder or Hub id.

    Raises:
        OSError: there is no such model.
        ValueError: it is another kind of model.
    """
    return read_shape(local_folder(model, list(FILES)), model)
