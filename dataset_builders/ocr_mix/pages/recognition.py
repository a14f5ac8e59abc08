"""Text recognition: paragraphs, lists, receipts, cards and plain rows of characters, line by line as they stand.

Lines are broken here, not by a layout engine, so the answer has the page's own lines.
"""

from collections.abc import Callable
from random import Random

from ...degradation import scan
from ...fonts import check_coverage, load_font
from ...rendering import Colour, Page, break_lines, line_height
from ...rows import Sample
from ...texts import Lexicon
from ..prompts import TEXT, choose
from ..prose import Writer, common_hanzi
from .languages import choose_language

TASK = "recognition"
_FACES = {
    "en": (
        *("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "SourceSansPro-Regular", "SourceSerifPro-Regular"),
        *("Lato-Regular", "Lato-Bold", "Caladea-Regular", "Roboto-Regular", "OpenSans[wdth,wght]", "Lora[wght]"),
        *("EBGaramond[wght]", "PlayfairDisplay[wght]", "Oswald[wght]", "HankenGrotesk-Regular"),
    ),
    "zh": ("NotoSansSC-Regular", "NotoSerifSC-Regular"),
}
_COLOURS: tuple[tuple[Colour, Colour], ...] = (
    ((40, 40, 40), (250, 246, 236)),
    ((30, 50, 90), (255, 255, 255)),
    ((235, 235, 235), (32, 34, 38)),
    ((255, 255, 255), (24, 74, 124)),
    ((90, 30, 30), (252, 243, 238)),
    ((20, 60, 40), (236, 244, 236)),
    ((110, 110, 110), (255, 255, 255)),
    ((250, 225, 150), (60, 20, 24)),
)
"""Ink and paper of the pages that are not black on white."""


def sample(seed: int) -> Sample:
    """Draw a page of text.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"page-{TASK}-{seed}")
    language = choose_language(rng)
    writer = Writer(rng, language)
    kind = rng.choices(tuple(_KINDS), (3, 3, 1.5, 1, 1.5))[0]
    face, size = rng.choice(_FACES[language]), rng.choice((16, 18, 20, 22, 24, 28, 34, 42))
    font = load_font(face, size)
    short = kind in ("receipt", "card")
    width = rng.randint(18 * size, 26 * size) if short else rng.randint(min(1400, 26 * size), min(1700, 60 * size))
    margin = rng.randint(size, 4 * size)
    texts = _KINDS[kind](rng, writer)
    lines = [line for text in texts for line in break_lines(text, font, width - 2 * margin)][:60]
    check_coverage("".join(lines), [face])
    step = round(line_height(font) * rng.uniform(1.0, 1.6))
    ink, paper = rng.choice(_COLOURS) if rng.random() < 0.4 else ((0, 0, 0), (255, 255, 255))
    page = Page(width, 2 * margin + step * len(lines), ink, paper)
    centred = kind == "card" and rng.random() < 0.5
    for number, line in enumerate(lines):
        x = (width - font.getlength(line)) / 2 if centred else margin
        page.draw.text((x, margin + number * step), line, font=font, fill=ink)
    image, degradations = scan(page.image, rng)
    meta = {
        "seed": seed,
        "language": language,
        "kind": kind,
        "font": face,
        "size": size,
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, image, choose(TEXT[language], rng), "\n".join(lines), meta)


def _paragraphs(rng: Random, writer: Writer) -> list[str]:
    return [writer.paragraph(2, 6) for _ in range(rng.randint(1, 5))]


def _page_with_title(rng: Random, writer: Writer) -> list[str]:
    return [writer.title(), *_paragraphs(rng, writer)]


def _receipt(rng: Random, writer: Writer) -> list[str]:
    unit = "$" if writer.language == "en" else "￥"
    goods = writer.words_of("goods", rng.randint(3, 9))
    bought = [(name, rng.randint(1, 5), rng.randint(50, 9999)) for name in goods]  # prices in cents
    items = [f"{name} {count} x {unit}{price / 100:.2f}" for name, count, price in bought]
    total = "Total" if writer.language == "en" else "合计"
    due = f"{total} {unit}{sum(count * price for _, count, price in bought) / 100:.2f}"
    return [*(writer.slot(name) for name in ("company", "address", "date")), *items, due]


def _card(rng: Random, writer: Writer) -> list[str]:
    return [writer.slot(name) for name in ("person", "company", "address", "phone", "email")]


def _characters(rng: Random, writer: Writer) -> list[str]:
    """Words, numbers and strings that no language model can guess; in Chinese any of 3,755 characters."""
    count = rng.randint(20, 120)
    if writer.language == "zh":
        return ["".join(rng.choice(common_hanzi()) for _ in range(2 * count))]
    return [" ".join(Lexicon().token(rng) for _ in range(count))]


_KINDS: dict[str, Callable[[Random, Writer], list[str]]] = {
    "paragraphs": _paragraphs,
    "page": _page_with_title,
    "receipt": _receipt,
    "card": _card,
    "characters": _characters,
}
