"""Web pages: navigation, hero, article, sidebar, cards, footer; the answer is all of their text as Markdown, from top
to bottom.
"""

from dataclasses import dataclass
from random import Random

from ...degradation import scan
from ...rows import Sample
from ..blocks import Block, Heading, Items, Paragraph, Table, markdown, typst
from ..prompts import WEB, choose
from ..prose import Writer
from ..typesetting import CHINESE, SANS, SERIF, check, families, inline, literal, typeset
from .languages import choose_language
from .tables import choose_cells, choose_style

TASK = "web"
_WIDTHS = (1024, 1280, 1440)
"""Of the window, in pixels."""

_ACCENTS = ("#1f4e8c", "#0b6e4f", "#8c1c3a", "#333333", "#5b3a8c", "#c2571a", "#0f7c8a")


@dataclass(frozen=True)
class Look:
    """How a site is styled.

    Args:
        accent: colour of navigation and buttons.
        soft: colour of bands and cards.
        width: of the window in pixels.
        sidebar: where it stands: ``"left"``, ``"right"`` or ``""``.
        size: of the text in pixels.
    """

    accent: str
    soft: str
    width: int
    sidebar: str
    size: int


@dataclass(frozen=True)
class Section:
    """A part of a page: its Typst, and the blocks that the answer has for it."""

    typst: str
    blocks: list[Block]


def sample(seed: int) -> Sample:
    """Draw a page.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    language = choose_language(rng)
    writer = Writer(rng, language)
    latin = rng.choice((*SANS, *SANS, *SERIF))
    chinese = rng.choice(tuple(CHINESE))
    look = Look(
        accent=rng.choice(_ACCENTS),
        soft=rng.choice(("#f3f5f8", "#f7f3ec", "#eef5f0", "#ffffff")),
        width=rng.choice(_WIDTHS),
        sidebar=rng.choice(("left", "right", "right", "")),
        size=rng.choice((15, 16, 17)),
    )
    sections = [_navigation(rng, writer, look)]
    if rng.random() < 0.6:
        sections.append(_hero(rng, writer, look))
    sections.append(_article(rng, writer, look))
    if rng.random() < 0.5:
        sections.append(_cards(rng, writer, look))
    sections.append(_footer(rng, writer, look))
    answer = markdown([block for section in sections for block in section.blocks])
    check(answer, latin, chinese)
    body = f"#stack(dir: ttb, {', '.join(f'[{section.typst}]' for section in sections)})"
    page, degradations = scan(typeset(_source(look, families(latin, chinese), body), 72)[0], rng, clean_share=0.85)
    meta = {
        "seed": seed,
        "language": language,
        "font": latin if language == "en" else chinese,
        "size": look.size,
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, choose(WEB[language], rng), answer, meta)


def _navigation(rng: Random, writer: Writer, look: Look) -> Section:
    brand, entries = writer.slot("company"), writer.words_of("menu", rng.randint(4, 6))
    links = " #h(26pt) ".join(inline(entry) for entry in entries)
    bar = (
        f"#block(width: 100%, fill: rgb({literal(look.accent)}), inset: (x: 48pt, y: 18pt), text(fill: white)"
        f"[#text(1.35em)[*{inline(brand)}*] #h(1fr) {links}])"
    )
    return Section(bar, [Paragraph("", brand), Items(entries)])


def _hero(rng: Random, writer: Writer, look: Look) -> Section:
    title, text, button = writer.title(), writer.sentence(), writer.word_of("buttons")
    fill = f"gradient.linear(rgb({literal(look.soft)}), rgb({literal(look.accent)}).lighten(70%))"
    inside = f"#text(2.6em)[*{inline(title)}*]\n\n#text(1.15em)[{inline(text)}]\n\n{_button(button, look)}"
    aligned = f"#align({rng.choice(('left', 'center'))})[{inside}]"
    band = f"#block(width: 100%, fill: {fill}, inset: (x: 90pt, y: 60pt))[{aligned}]"
    return Section(band, [Heading(1, title), Paragraph(text), Paragraph(button)])


def _article(rng: Random, writer: Writer, look: Look) -> Section:
    main = _article_blocks(rng, writer)
    if not look.sidebar:
        return Section(f"#pad(x: {look.width // 6}pt, y: 30pt)[{typst(main)}]", main)
    side: list[Block] = [Heading(3, writer.heading()), Items([writer.title() for _ in range(rng.randint(3, 5))])]
    aside = f"block(width: 100%, fill: rgb({literal(look.soft)}), inset: 18pt, radius: 6pt)[{typst(side)}]"
    columns = [f"[{typst(main)}]", aside]
    widths = ["1fr", "280pt"]
    if look.sidebar == "left":
        columns.reverse()
        widths.reverse()
    grid = f"#pad(x: 60pt, y: 30pt, grid(columns: ({', '.join(widths)}), column-gutter: 48pt, {', '.join(columns)}))"
    return Section(grid, [*side, *main] if look.sidebar == "left" else [*main, *side])


def _article_blocks(rng: Random, writer: Writer) -> list[Block]:
    blocks: list[Block] = [Heading(2, writer.title()), Paragraph(f"{writer.slot('person')} · {writer.slot('date')}")]
    for heading in writer.headings(rng.randint(1, 4)):
        blocks += [Heading(3, heading), *(Paragraph(writer.paragraph()) for _ in range(rng.randint(1, 2)))]
        extra = rng.random()
        if extra < 0.25:
            blocks.append(Items([writer.sentence() for _ in range(rng.randint(2, 4))], rng.random() < 0.3))
        elif extra < 0.4:
            blocks.append(Table(choose_cells(rng, writer, 5, 4), choose_style(rng)))
    return blocks


def _cards(rng: Random, writer: Writer, look: Look) -> Section:
    cards: list[str] = []
    blocks: list[Block] = []
    for _ in range(3):
        title, text, button = writer.heading(), writer.sentence(), writer.word_of("buttons")
        picture = f"#rect(width: 100%, height: 110pt, fill: {_picture(rng, look)})"
        cards.append(
            f"block(width: 100%, stroke: 0.8pt + luma(210), radius: 6pt, inset: 14pt)"
            f"[{picture}\n\n#text(1.15em)[*{inline(title)}*]\n\n{inline(text)}\n\n{_button(button, look)}]"
        )
        blocks += [Heading(3, title), Paragraph(text), Paragraph(button)]
    grid = f"#pad(x: 60pt, bottom: 36pt, grid(columns: (1fr, 1fr, 1fr), column-gutter: 24pt, {', '.join(cards)}))"
    return Section(grid, blocks)


def _picture(rng: Random, look: Look) -> str:
    """A fill that stands for a photograph."""
    towards = rng.choice(("luma(225)", "rgb(196,214,226)", "rgb(226,214,190)", "rgb(186,206,188)"))
    return f"gradient.linear(rgb({literal(look.accent)}).lighten(45%), {towards}, angle: {rng.randint(20, 160)}deg)"


def _footer(rng: Random, writer: Writer, look: Look) -> Section:
    lines = [f"© {writer.slot('year')} {writer.slot('company')}", writer.slot("address"), writer.slot("email")]
    text = "\n\n".join(inline(line) for line in lines)
    fill = rng.choice(("luma(40)", f"rgb({literal(look.accent)}).darken(30%)"))
    band = f"#block(width: 100%, fill: {fill}, inset: (x: 60pt, y: 26pt), text(fill: luma(225), size: 0.85em)[{text}])"
    return Section(band, [Paragraph(line) for line in lines])


def _button(text: str, look: Look) -> str:
    inside = f"text(fill: white)[{inline(text)}]"
    return f"#box(fill: rgb({literal(look.accent)}), radius: 4pt, inset: (x: 16pt, y: 9pt), {inside})"


def _source(look: Look, fonts: str, body: str) -> str:
    return f"""\
#set page(width: {look.width}pt, height: auto, margin: 0pt)
#set text(font: {fonts}, size: {look.size}pt, hyphenate: false, fallback: false)
#set par(leading: 0.75em, spacing: 1.15em)
#show heading: set block(above: 1.5em, below: 0.9em)
#show heading.where(level: 1): set text(size: 1.6em)
{body}
"""
