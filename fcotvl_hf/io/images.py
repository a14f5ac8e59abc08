"""Reading any picture a user may have as the RGB page the models expect.

Pillow's ``convert("RGB")`` alone turns transparency black, clips 16-bit scans to white and ignores the camera's
rotation; a model then reads another page than the user sees.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

Result = TypeVar("Result")
ImageSource = str | Path | bytes | Image.Image

_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of grey pictures with 16 bits; ``I`` is what Pillow makes of a 16-bit PGM."""

_UPLOAD = "this file"


@dataclass(frozen=True)
class Limits:
    """What strangers may send; checked before pixels are decoded.

    Args:
        formats: Pillow's names of formats; decoders of others are not even asked.
        pixels: most pixels of a picture.
        shortest_side: fewest pixels of its width and of its height.
    """

    formats: tuple[str, ...]
    pixels: int
    shortest_side: int

    def check(self, width: int, height: int) -> None:
        """Refuse a picture by its size.

        Raises:
            ValueError: it has too many pixels, or one side is too short.
        """
        if width * height > self.pixels:
            raise ValueError(
                f"{_UPLOAD} has {width} × {height} pixels, {self.pixels:,} are allowed; scale it down or cut it up"
            )
        if min(width, height) < self.shortest_side:
            raise ValueError(
                f"{_UPLOAD} has {width} × {height} pixels; nothing can be read below {self.shortest_side} a side"
            )


def load_image(source: ImageSource) -> Image.Image:
    """Read a picture: upright, on white, RGB, the first frame of an animation.

    Args:
        source: a file's path, a file's bytes, or an open picture.

    Returns:
        A new picture in mode ``RGB``.

    Raises:
        FileNotFoundError: there is no such file.
        IsADirectoryError: the path is a folder.
        ValueError: it is empty, cut short, no picture, or so large that it must be a decompression bomb.
    """
    return _with(source, _to_page)


def load_upload(data: bytes, limits: Limits) -> Image.Image:
    """Read a picture that a stranger sent, as ``load_image`` does, within limits.

    Args:
        data: the content of the file; its name is not asked for, so no message can tell it.
        limits: what to accept.

    Raises:
        ValueError: it is beyond the limits, empty, cut short, or no picture of an accepted format.
    """
    limits.check(*_decode(data, _UPLOAD, lambda image: image.size, limits.formats))  # of the header; no pixel yet
    return _decode(data, _UPLOAD, _to_page, limits.formats)


def read_size(source: ImageSource) -> tuple[int, int]:
    """Width and height that ``load_image`` would give, without decoding the pixels where the format allows it.

    Args:
        source: a file's path, a file's bytes, or an open picture.

    Raises:
        FileNotFoundError: there is no such file.
        IsADirectoryError: the path is a folder.
        ValueError: see ``load_image``; pixels that are not decoded may be damaged all the same.
    """
    return _with(source, _upright_size)


def _with(source: ImageSource, read: Callable[[Image.Image], Result]) -> Result:
    if isinstance(source, Image.Image):
        return read(source)
    if isinstance(source, bytes):
        return _decode(source, f"these {len(source)} bytes", read)
    path = Path(source)
    return _decode(_read(path), str(path), read)


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name the image files in it")
    if not path.exists():
        raise FileNotFoundError(f"no image at {path}")
    return path.read_bytes()


def _decode(
    data: bytes, name: str, read: Callable[[Image.Image], Result], formats: tuple[str, ...] | None = None
) -> Result:
    if not data:
        raise ValueError(f"{name} cannot be read as an image: it is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damage that Pillow can live with
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=formats) as image:
                return read(image)
    except UnidentifiedImageError:
        known = "a format that Pillow knows" if formats is None else f"one of the formats {', '.join(formats)}"
        raise ValueError(f"{name} is not an image in {known}") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        limit = Image.MAX_IMAGE_PIXELS
        raise ValueError(f"{name} has more than {limit:,} pixels; scale it down or cut it up") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's decoders raise on broken data
        raise ValueError(f"{name} is a damaged image: {error}") from error


def _to_page(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode in _SIXTEEN_BITS:
        image = _scale_to_8_bits(image)
    if image.has_transparency_data:
        page = Image.new("RGBA", image.size, "white")
        page.alpha_composite(image.convert("RGBA"))
        image = page
    return image.convert("RGB")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    if image.format == "TIFF":
        image.load()  # Pillow turns these itself, the newer ones already on opening
    lies_on_its_side = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    return (image.height, image.width) if lies_on_its_side else image.size


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    grey = np.asarray(image).astype(np.int64)  # [height, width], 0 to 65535
    return Image.fromarray(((grey + 128) // 257).clip(0, 255).astype(np.uint8))
