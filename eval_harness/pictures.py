"""Pictures as PNG, and in the text of an HTML page."""

import base64
import io
from collections.abc import Sequence

from PIL import Image

_GAP = 8


def png(picture: Image.Image, colours: int | None = None) -> bytes:
    """A picture as the bytes of a PNG file.

    Args:
        picture: to encode.
        colours: how many it may have, at most 256; fewer make a smaller file. All that it has by default.
    """
    buffer = io.BytesIO()
    reduced = picture.convert("RGB").quantize(colours) if colours else picture
    reduced.save(buffer, format="PNG", optimize=bool(colours))
    return buffer.getvalue()


def data_url(picture: Image.Image) -> str:
    """A picture as the ``src`` of an HTML image."""
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode()


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures from left to right on white, tops aligned."""
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + _GAP
    return sheet
