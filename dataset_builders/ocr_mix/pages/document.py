"""Documents: papers, reports, letters and notices of one page; the answer is their Markdown, in reading order.

Running headers and page numbers are drawn but left out of the answer, as in the data sets of pages that people
transcribed (olmOCR, https://arxiv.org/abs/2502.18443).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

from PIL import Image

from ...degradation import scan
from ...rows import Sample
from ..blocks import Block, Display, Figure, Heading, Items, Paragraph, Table, markdown, typst
from ..expressions import formula
from ..prompts import DOCUMENT, choose
from ..prose import Writer
from ..typesetting import SANS, SERIF, check, families, inline, literal, typeset
from .languages import choose_language
from .tables import choose_cells, choose_style

TASK = "document"
_PAPERS = (("a4", 6), ("us-letter", 3), ("a5", 1))
_RESOLUTIONS = (110, 130, 150, 170)
"""Pixels per inch: an A4 page becomes 1.2 to 2.8 megapixels."""

_DRAFT = 5
"""Pixels per inch while pages are only counted."""


@dataclass(frozen=True)
class Look:
    """How a page is set.

    Args:
        kind: of document.
        paper: Typst's name of its size.
        columns: of the text.
        latin: family for Latin text.
        chinese: family for Chinese text.
        points: font size.
        margin: of the page in cm.
        accent: colour of headings.
        justify: set both edges flush.
        numbered: number the headings; the numbers are part of the text.
        running: text of the header, and a page number in the footer.
    """

    kind: str
    paper: str
    columns: int
    latin: str
    chinese: str
    points: float
    margin: float
    accent: str
    justify: bool
    numbered: bool
    running: str


def sample(seed: int) -> Sample:
    """Draw a page.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    language = choose_language(rng)
    writer = Writer(rng, language)
    look = _choose_look(rng, writer)
    blocks = _MAKERS[look.kind](rng, writer, look)
    resolution = rng.choice(_RESOLUTIONS)
    page, blocks = _fit(blocks, look, resolution)
    answer = markdown(blocks)
    check(answer + look.running, look.latin, look.chinese)
    page, degradations = scan(page, rng)
    meta = {
        "seed": seed,
        "language": language,
        "kind": look.kind,
        "font": look.latin if language == "en" else look.chinese,
        "points": look.points,
        "pixels_per_inch": resolution,
        "columns": look.columns,
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, choose(DOCUMENT[language], rng), answer, meta)


def _choose_look(rng: Random, writer: Writer) -> Look:
    kind = rng.choices(tuple(_MAKERS), (4, 4, 1.5, 1.5))[0]
    serif = kind == "paper" or rng.random() < 0.5
    return Look(
        kind=kind,
        paper=rng.choices([name for name, _ in _PAPERS], [weight for _, weight in _PAPERS])[0],
        columns=2 if kind == "paper" and rng.random() < 0.7 else 1,
        latin=rng.choice(tuple(SERIF if serif else SANS)),
        chinese="Noto Serif SC" if serif else "Noto Sans SC",
        points=rng.choice((9, 9.5, 10, 10.5, 11)) if kind == "paper" else rng.choice((10, 10.5, 11, 12)),
        margin=rng.choice((1.8, 2.0, 2.5)),
        accent=rng.choice(("black", "black", "rgb(20,60,120)", "rgb(120,20,30)", "rgb(0,90,80)")),
        justify=rng.random() < 0.6,
        numbered=kind == "paper" or rng.random() < 0.3,
        running=writer.slot("company") if kind == "report" else "",
    )


def _paper(rng: Random, writer: Writer, look: Look) -> list[Block]:
    """Title, authors, then sections with formulas, a figure and a table."""
    blocks: list[Block] = [Heading(1, writer.title(), centred=True)]
    blocks.append(Paragraph(", ".join(writer.slot("person") for _ in range(rng.randint(1, 3)))))
    label, space = ("Abstract.", " ") if writer.language == "en" else ("摘要：", "")
    blocks.append(Paragraph("", label, space + writer.paragraph(2, 3)))
    figures, tables = count(1), count(1)
    for number, heading in enumerate(writer.headings(rng.randint(6, 9)), start=1):
        blocks += _section(rng, writer, look, number, heading)
        extra = rng.random()
        if extra < 0.4:
            blocks += [Display(formula(rng)), Paragraph(writer.paragraph(1, 3))]
        elif extra < 0.6:
            blocks.append(_figure(rng, writer, next(figures)))
        elif extra < 0.7 and look.columns == 1:
            blocks.append(_table(rng, writer, next(tables)))
    return blocks


def _report(rng: Random, writer: Writer, look: Look) -> list[Block]:
    """Title, then sections with lists, tables and figures."""
    blocks: list[Block] = [Heading(1, writer.title())]
    figures, tables = count(1), count(1)
    for number, heading in enumerate(writer.headings(6), start=1):
        blocks += _section(rng, writer, look, number, heading)
        extra = rng.random()
        if extra < 0.35:
            blocks.append(Items([writer.sentence() for _ in range(rng.randint(2, 5))], rng.random() < 0.4))
        elif extra < 0.6:
            blocks.append(_table(rng, writer, next(tables)))
        elif extra < 0.75:
            blocks.append(_figure(rng, writer, next(figures)))
    return blocks


def _letter(rng: Random, writer: Writer, look: Look) -> list[Block]:
    """Sender, addressee, date, subject, text, greeting."""
    english = writer.language == "en"
    sender, addressee = writer.slot("company"), writer.slot("person")
    dear, regards = (f"Dear {addressee},", "Yours sincerely,") if english else (f"尊敬的{addressee}：", "此致敬礼")
    return [
        Paragraph("", sender),
        Paragraph(writer.slot("address")),
        Paragraph(writer.slot("date")),
        Heading(2, writer.title()),
        Paragraph(dear),
        *(Paragraph(writer.paragraph(2, 5)) for _ in range(rng.randint(2, 4))),
        Paragraph(regards),
        Paragraph(writer.slot("person")),
    ]


def _notice(rng: Random, writer: Writer, look: Look) -> list[Block]:
    """A large centred title, numbered points, who signs and when."""
    blocks: list[Block] = [Heading(1, writer.title(), centred=True), Paragraph(writer.paragraph(1, 3))]
    for heading in writer.headings(rng.randint(1, 3)):
        blocks += [Heading(2, heading), Items([writer.sentence() for _ in range(rng.randint(2, 4))], True)]
    signed = (writer.paragraph(1, 2), writer.slot("company"), writer.slot("date"))
    return [*blocks, *map(Paragraph, signed)]


_MAKERS = {"paper": _paper, "report": _report, "letter": _letter, "notice": _notice}


def _section(rng: Random, writer: Writer, look: Look, number: int, heading: str) -> list[Block]:
    paragraphs = [_paragraph(rng, writer) for _ in range(rng.randint(1, 3))]
    return [Heading(2, f"{number} {heading}" if look.numbered else heading), *paragraphs]


def _paragraph(rng: Random, writer: Writer) -> Block:
    if rng.random() < 0.8:
        return Paragraph(writer.paragraph())
    between = " " if writer.language == "en" else ""
    return Paragraph(writer.paragraph(1, 2) + between, writer.sentence(), between + writer.paragraph(1, 2))


def _figure(rng: Random, writer: Writer, number: int) -> Block:
    """A drawing of bars or a curve without any text in it."""
    hue = rng.choice(("blue", "teal", "gray", "maroon", "olive"))
    if rng.random() < 0.5:
        heights = [rng.randint(8, 70) for _ in range(rng.randint(5, 11))]
        bars = ", ".join(f"rect(width: 9pt, height: {height}pt, fill: {hue}.lighten(20%))" for height in heights)
        inside = f"grid(align: bottom, columns: {len(heights)}, column-gutter: 5pt, {bars})"
        drawing = f"box(stroke: (left: 0.6pt, bottom: 0.6pt), inset: 4pt, {inside})"
    else:
        points = ", ".join(f"curve.line(({x * 14}pt, {rng.randint(4, 70)}pt))" for x in range(1, 11))
        drawing = f"box(stroke: 0.6pt, inset: 5pt, curve(stroke: 1.2pt + {hue}, curve.move((0pt, 40pt)), {points}))"
    caption = writer.caption()
    return Figure(drawing, f"Figure {number}: {caption}" if writer.language == "en" else f"图{number}：{caption}")


def _table(rng: Random, writer: Writer, number: int) -> Block:
    cells = choose_cells(rng, writer, most_rows=6, most_columns=5)
    caption = f"Table {number}: {writer.heading()}" if writer.language == "en" else f"表{number}：{writer.heading()}"
    return Table(cells, choose_style(rng), caption)


def _fit(blocks: Sequence[Block], look: Look, resolution: int) -> tuple[Image.Image, list[Block]]:
    """Set as many of the blocks as one page holds."""
    kept = list(blocks)
    while (pages := len(typeset(_source(kept, look), _DRAFT))) > 1:
        surplus = len(kept) - len(kept) // (pages - 1) if pages > 2 else len(kept) // 10
        kept = kept[: len(kept) - max(1, surplus)]
        while len(kept) > 1 and isinstance(kept[-1], Heading):
            kept.pop()
    return typeset(_source(kept, look), resolution)[0], kept


def _source(blocks: Sequence[Block], look: Look) -> str:
    header = f"header: align(right, text(size: 8pt)[{inline(look.running)}])," if look.running else ""
    return f"""\
#set page({literal(look.paper)}, margin: {look.margin}cm, columns: {look.columns}, {header} numbering: "1")
#set text(font: {families(look.latin, look.chinese)}, size: {look.points}pt, hyphenate: false, fallback: false)
#set par(justify: {str(look.justify).lower()}, leading: 0.7em, spacing: 1.1em)
#show heading: set text(fill: {look.accent})
#show heading.where(level: 1): set text(size: 1.25em)
#show heading: set block(above: 1.4em, below: 0.9em)
{typst(blocks)}
"""
