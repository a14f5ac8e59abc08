"""Reading any picture a user may have as the RGB page the models expect.

Pillow's ``convert("RGB")`` alone turns transparency black, clips 16-bit scans to white and ignores the camera's
rotation; a model then reads another page than the user sees.
"""

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

Result = TypeVar("Result")
ImageSource = str | Path | bytes | Image.Image

_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes of grey pictures with 16 bits; ``I`` is what Pillow makes of a 16-bit PGM."""


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


def _decode(data: bytes, name: str, read: Callable[[Image.Image], Result]) -> Result:
    if not data:
        raise ValueError(f"{name} cannot be read as an image: it is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damage that Pillow can live with
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data)) as image:
                return read(image)
    except UnidentifiedImageError:
        raise ValueError(f"{name} is not an image in a format that Pillow knows") from None
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
