"""Fonts that come with Python wheels, so that pixels never depend on what the machine has installed.

Names are the file stems, e.g. ``DejaVuSans-Bold``. ``TRAIN_FONTS`` are what the tiny teacher learns from,
``UNSEEN_FONTS`` are families it never meets and that only the evaluation uses.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont
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
    "NotoSansSC": ("pylopdf_fonts_zh_cn", "."),
    "NotoSerifSC": ("pylopdf_fonts_zh_cn", "."),
    "AmaticSC": ("font_amatic_sc", "files"),
    "Caveat": ("fontpkg_caveat", "files"),
    "Kalam": ("fontpkg_kalam", "files"),
    "ShadowsIntoLight": ("fontpkg_shadows_into_light", "files"),
    "IndieFlower": ("fontpkg_indie_flower", "files"),
    "Zeyada": ("fontpkg_zeyada", "files"),
    "PermanentMarker": ("fontpkg_permanent_marker", "files"),
    "Lobster": ("fontpkg_lobster", "files"),
    "Pacifico": ("fontpkg_pacifico", "files"),
    "BebasNeue": ("fontpkg_bebas_neue", "files"),
    "Anton": ("fontpkg_anton", "files"),
    "AbrilFatface": ("fontpkg_abril_fatface", "files"),
    "Oswald": ("fontpkg_oswald", "files"),
    "PlayfairDisplay": ("fontpkg_playfair_display", "files"),
    "OpenSans": ("fontpkg_open_sans", "files"),
    "Lora": ("fontpkg_lora", "files"),
    "EBGaramond": ("fontpkg_eb_garamond", "files"),
}
"""Beginning of a font's name → the package that has it and the folder in it. Those of the wheels ``fontpkg-*``,
``font-amatic-sc`` and ``pylopdf-fonts-zh-cn`` come with the extra ``data``; all are under the SIL Open Font License or
freer."""

TRAIN_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique"),
    *("SourceSansPro-Regular", "SourceSansPro-Bold", "SourceSerifPro-Regular", "SourceSerifPro-Bold"),
    *("Lato-Regular", "Lato-Bold", "Caladea-Regular", "Caladea-Bold", "Caladea-Italic"),
)
UNSEEN_FONTS = ("Roboto-Regular", "Roboto-Bold", "HankenGrotesk-Regular", "Manrope-Regular")

CAPITALS = frozenset({"BebasNeue-Regular", "PermanentMarker-Regular", "AmaticSC-Bold"})
"""Faces whose small letters look like capitals."""


def in_case(text: str, face: str) -> str:
    """``text`` as a reader of ``face`` sees it: in capitals if the face has no others."""
    return text.upper() if face in CAPITALS else text


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
            wheel = package.replace("_", "-")
            raise ValueError(f"font {name!r} needs the package {wheel}: pip install 'fcotvl-hf[data]' or {wheel}")
        for suffix in (".ttf", ".otf"):
            path = Path(spec.submodule_search_locations[0]) / folder / f"{name}{suffix}"
            if path.is_file():
                return path
    raise ValueError(f"unknown font {name!r}: known families are {', '.join(_FOLDERS)}")


@lru_cache(maxsize=4096)
def load_font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Load font ``name`` at ``size`` pixels per em, with the layout engine that every Pillow build has."""
    return ImageFont.truetype(str(font_path(name)), size, layout_engine=ImageFont.Layout.BASIC)


def check_coverage(text: str, names: Iterable[str]) -> None:
    """See that every character of ``text`` has a glyph in one of the fonts ``names``.

    Raises:
        ValueError: one has none, and would be drawn as a box that poisons the label.
    """
    names = tuple(names)
    missing = missing_glyphs(text, names)
    if missing:
        raise ValueError(f"no glyph for {''.join(sorted(missing))!r} in {', '.join(names)}")


def missing_glyphs(text: str, names: tuple[str, ...]) -> set[str]:
    """The characters of ``text`` that none of the fonts ``names`` has."""
    return set(text) - _characters(names) - {"\n"}


@lru_cache(maxsize=256)
def _characters(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(_characters_of, names))


@cache
def _characters_of(name: str) -> frozenset[str]:
    with TTFont(font_path(name), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))
