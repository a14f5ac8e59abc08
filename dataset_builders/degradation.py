"""What happens to a page between the printer and the model: paper, light, a crooked scan, blur, noise, JPEG.

Every step that was applied is named, with its strength, so that ``meta`` can tell; no step means a clean page. NumPy
and Pillow alone, decided by one generator of random numbers: the same seed gives the same pixels.
"""

import io
from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageFilter

Applied = dict[str, float]
Step = Callable[[Image.Image, Random], tuple[Image.Image, float]]

CLEAN_SHARE = 0.4
"""Of pages that go through ``scan``."""


def scan(image: Image.Image, rng: Random, clean_share: float = CLEAN_SHARE) -> tuple[Image.Image, Applied]:
    """Make a page look scanned or photographed.

    Args:
        image: RGB.
        rng: decides which steps are applied, and how strongly.
        clean_share: probability in [0, 1] that nothing is.

    Returns:
        The page, and step → strength; the page is a JPEG in memory if anything was applied.
    """
    if rng.random() < clean_share:
        return image, {}
    applied: Applied = {}
    for name, (probability, step) in _STEPS.items():
        if rng.random() < probability:
            image, applied[name] = step(image, rng)
    image, applied["jpeg"] = _jpeg(image, rng)
    return image, applied


def _tilt(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    """Turn by a degree or less, about the centre."""
    degrees = round(rng.uniform(-1.0, 1.0), 2)
    paper = image.getpixel((0, 0))
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=paper), degrees


def _paper(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    """Multiply by a yellowish paper with soft blotches."""
    strength = round(rng.uniform(0.02, 0.1), 3)
    blotches = 0.6 * _smooth(image, rng, 5) + 0.15 * _smooth(image, rng, 40)  # [H, W, 1]
    tint = np.array([1.0, 1.0 - 0.3 * strength, 1.0 - 1.2 * strength], dtype=np.float32)
    return _scaled(image, tint * (1 - strength * blotches)), strength


def _light(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    """Let the light fall off to one side or towards a corner."""
    strength = round(rng.uniform(0.05, 0.3), 2)
    across, down = (np.linspace(0, 1, size, dtype=np.float32) for size in image.size)
    across, down = (side if rng.random() < 0.5 else side[::-1] for side in (across, down))
    share = rng.random()
    shade = share * across[None, :] + (1 - share) * down[:, None]
    return _scaled(image, 1 - strength * shade[..., None] ** 2), strength


def _fade(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    """Pale ink, as from an empty cartridge: the darkest grey level becomes ``strength`` × 255."""
    strength = round(rng.uniform(0.05, 0.3), 2)
    return image.point(lambda level: round(255 * strength + level * (1 - strength))), strength


def _blur(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    radius = round(rng.uniform(0.3, 0.9), 2)
    return image.filter(ImageFilter.GaussianBlur(radius)), radius


def _noise(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    """Grain with a standard deviation in grey levels."""
    deviation = round(rng.uniform(2, 9), 1)
    grain = _normal(image.height, image.width, rng) * deviation
    pixels = np.asarray(image, dtype=np.float32) + grain[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), deviation


def _jpeg(image: Image.Image, rng: Random) -> tuple[Image.Image, float]:
    quality = rng.randint(55, 92)
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=quality)
    encoded = Image.open(buffer)
    encoded.load()
    return encoded, quality


_STEPS: dict[str, tuple[float, Step]] = {
    "fade": (0.25, _fade),
    "tilt": (0.35, _tilt),
    "paper": (0.5, _paper),
    "light": (0.35, _light),
    "blur": (0.4, _blur),
    "noise": (0.4, _noise),
}
"""Name → probability and what is done, in the order of a page's life."""


def _scaled(image: Image.Image, factors: np.ndarray) -> Image.Image:
    pixels = np.asarray(image, dtype=np.float32) * factors  # [H, W, 3]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _smooth(image: Image.Image, rng: Random, cells: int) -> np.ndarray:
    """Soft noise in [0, 1] of the picture's size, [H, W, 1]."""
    coarse = Image.fromarray((255 * np.random.default_rng(rng.getrandbits(32)).random((cells, cells))).astype(np.uint8))
    return np.asarray(coarse.resize(image.size, Image.Resampling.BICUBIC), dtype=np.float32)[..., None] / 255


def _normal(height: int, width: int, rng: Random) -> np.ndarray:
    return np.random.default_rng(rng.getrandbits(32)).standard_normal((height, width), dtype=np.float32)
