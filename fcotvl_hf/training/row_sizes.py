"""How many tokens and tiles a row becomes, from its text and the sizes of its images; no pixel is decoded."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from datasets import Dataset, Image, List
from PIL import ExifTags
from PIL import Image as PILImage
from trl import prepare_multimodal_messages

from fcotvl_hf.modeling import FCoTVLProcessor

from .packing import RowSize
from .skipping import BLANK

TURNED = range(5, 9)
"""Exif orientations of images that are stored lying on their side; ``datasets`` sets these upright."""


class RowSizes:
    """The size of each row of a map-style data set, measured when first asked for.

    Stored images are opened for their header only. Rows that are drawn on the fly are drawn, once more than training
    does.

    ``blank`` is the size of the row that stands for one that cannot be used.

    Args:
        rows: rows with ``messages`` and ``images`` (or ``image``).
        processor: what will turn them into model inputs.
        chat_template: the template it will use; its own by default.
    """

    def __init__(self, rows: Any, processor: FCoTVLProcessor, chat_template: str | None = None) -> None:
        self._rows = _undecoded(rows)
        self._processor = processor
        self._template = chat_template
        self.blank = self._measure(BLANK)
        self._known = np.zeros((len(rows), 2), dtype=np.int32)  # tokens and tiles; no row has 0 tokens

    def __getitem__(self, index: int) -> RowSize:
        """Size of row ``index``.

        Raises:
            ValueError: the row is no conversation, or its images do not match it.
            OSError: an image cannot be read.
        """
        if self._known[index, 0] == 0:
            self._known[index] = self._measure(self._rows[index])
        return RowSize(*self._known[index].tolist())

    def _measure(self, row: Mapping[str, Any]) -> RowSize:
        if "messages" not in row:
            raise ValueError(f"packing needs rows with messages, not with {', '.join(row)}")
        images = row["images"] if "images" in row else [row["image"]]
        messages = prepare_multimodal_messages(row["messages"], images=images)
        text = self._processor.apply_chat_template(messages, chat_template=self._template, tokenize=False)
        tokens = len(self._processor.tokenizer(text, add_special_tokens=False)["input_ids"])
        sizes = [height_and_width(image) for image in images]
        visual = self._processor._get_num_multimodal_tokens(image_sizes=sizes)  # public for vLLM in all but the name
        return RowSize(tokens + sum(visual["num_image_tokens"]) - len(images), sum(visual["num_image_patches"]))


def height_and_width(image: Any) -> tuple[int, int]:
    """Pixels of an image, as it will be when it is decoded.

    Args:
        image: a PIL image, or what ``datasets`` gives instead of one when it does not decode: ``bytes`` or ``path``.

    Raises:
        OSError: it is no image.
    """
    if isinstance(image, PILImage.Image):
        return image.height, image.width
    with PILImage.open(BytesIO(image["bytes"]) if image["bytes"] is not None else image["path"]) as opened:
        turned = opened.getexif().get(ExifTags.Base.Orientation) in TURNED
        return (opened.width, opened.height) if turned else (opened.height, opened.width)


def _undecoded(rows: Any) -> Any:
    """The same rows with images as they are stored; rows with a transform stay, it may want pixels."""
    if isinstance(rows, Dataset) and rows.format["type"] is None:
        for column, kind in (("images", List(Image(decode=False))), ("image", Image(decode=False))):
            if column in rows.column_names:
                rows = rows.cast_column(column, kind)
    return rows
