"""Fonts that come with Python wheels, so that pixels never depend on what the machine has installed.

Names are the file stems, e.g. ``DejaVuSans-Bold``. ``TRAIN_FONTS`` are what the tiny teacher learns from,
``UNSEEN_FONTS`` are families it never meets and that only the evaluation uses.
"""

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

_FOLDERS = {
    "DejaVu": ("matplotlib", "mpl-data/fonts/ttf"),
    "SourceSansPro": ("font_source_sans_pro", "files"),
    "SourceSerifPro": ("font_source_serif_pro", "files"),
    "Lato": ("font_lato", "files"),
    "Caladea": ("font_caladea", "files"),
    "Manrope": ("font_manrope", "files"),
    "HankenGrotesk": ("font_hanken_grotesk", "files"),
    "Roboto": ("font_roboto", "files"),
}

TRAIN_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique"),
    *("SourceSansPro-Regular", "SourceSansPro-Bold", "SourceSerifPro-Regular", "SourceSerifPro-Bold"),
    *("Lato-Regular", "Lato-Bold", "Caladea-Regular", "Caladea-Bold", "Caladea-Italic"),
)
UNSEEN_FONTS = ("Roboto-Regular", "Roboto-Bold", "HankenGrotesk-Regular", "Manrope-Regular")


@cache
def font_path(name: str) -> Path:
    """Return the file of the font called ``name`` (a file stem, e.g. ``"Lato-Bold"``).

    Raises:
        ValueError: no wheel this project depends on carries that font.
    """
    for family, (package, folder) in _FOLDERS.items():
        if not name.startswith(family):
            continue
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ValueError(f"font {name!r} needs the package {package!r}: pip install {package.replace('_', '-')}")
        for suffix in (".ttf", ".otf"):
            path = Path(spec.submodule_search_locations[0]) / folder / f"{name}{suffix}"
            if path.is_file():
                return path
    raise ValueError(f"unknown font {name!r}: known families are {', '.join(_FOLDERS)}")


@lru_cache(maxsize=4096)
def load_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Load font ``name`` at ``size`` pixels per em, with the layout engine that every Pillow build has."""
    return ImageFont.truetype(str(font_path(name)), size, layout_engine=ImageFont.Layout.BASIC)
