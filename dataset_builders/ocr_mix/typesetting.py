"""Pages set by Typst with fonts from wheels: what is set is what the label says, character by character.

Text goes into Typst as string literals, so that nothing in it is markup, and is never hyphenated.
"""

import io
from collections.abc import Iterable
from functools import cache

import typst
from PIL import Image

from ..fonts import check_coverage, font_path

SERIF = {"Libertinus Serif": None, "Source Serif Pro": "SourceSerifPro-Regular", "Caladea": "Caladea-Regular"}
SANS = {"Lato": "Lato-Regular", "Source Sans Pro": "SourceSansPro-Regular", "DejaVu Sans": "DejaVuSans"}
"""Families as Typst calls them → a font of theirs; Typst brings Libertinus itself."""

CHINESE = {"Noto Sans SC": "NotoSansSC-Regular", "Noto Serif SC": "NotoSerifSC-Regular"}


def literal(text: str) -> str:
    """``text`` as a Typst string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def inline(text: str) -> str:
    """``text`` as content in markup."""
    return f"#{literal(text)};"


def families(latin: str, chinese: str) -> str:
    """A font for ``#set text(font: …)``: Latin from one family, all else from the other."""
    return f"({literal(latin)}, {literal(chinese)})"


def check(text: str, latin: str, chinese: str) -> None:
    """See that two families have all of ``text``; a page must show no boxes.

    Raises:
        ValueError: a character is in neither.
    """
    fonts = [name for name in ({**SERIF, **SANS}.get(latin), CHINESE[chinese]) if name]
    check_coverage(text, fonts)


def typeset(source: str, pixels_per_inch: float) -> list[Image.Image]:
    """Set a document.

    Args:
        source: Typst markup.
        pixels_per_inch: 72 makes a point a pixel.

    Returns:
        Its pages, RGB.

    Raises:
        typst.TypstError: the markup is wrong.
    """
    compiled = _compiler().compile(source.encode(), format="png", ppi=pixels_per_inch)
    pages: Iterable[bytes] = [compiled] if isinstance(compiled, bytes) else compiled or ()
    return [Image.open(io.BytesIO(page)).convert("RGB") for page in pages]


@cache
def _compiler() -> typst.Compiler:
    names = [name for group in (SERIF, SANS, CHINESE) for name in group.values() if name]
    folders = sorted({str(font_path(name).parent) for name in names})
    return typst.Compiler(font_paths=folders, ignore_system_fonts=True)
