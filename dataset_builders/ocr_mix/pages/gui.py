"""Screens of applications: what an element says, where it is, where to click. Part of the configuration ``web``.

Boxes and points are in thousandths of width and height, as InternVL2 writes them: ``[x1, y1, x2, y2]``.
"""

from dataclasses import dataclass, field
from random import Random

from ...rows import Sample
from ..prose import Writer
from ..typesetting import CHINESE, SANS, check, families, inline, literal, typeset
from .languages import choose_language

TASK = "gui"
SCREENS = ((1280, 800), (1440, 900), (1024, 768), (420, 860), (390, 800))
"""Width and height of the screen in points; phones are drawn with two pixels a point."""

_READ = {
    "en": "What does the element at {box} say?",
    "zh": "位于{box}的元素上写着什么？",
}
_FIND = {
    "en": 'Where is "{text}"? Give its box.',
    "zh": "“{text}”在哪里？请给出它的边框。",
}
_CLICK = {
    "en": {"switch": 'Where do you click to switch "{text}"?', "button": 'Where do you click to choose "{text}"?'},
    "zh": {"switch": "点击哪里可以切换“{text}”？", "button": "点击哪里可以选择“{text}”？"},
}


@dataclass(frozen=True)
class Element:
    """Something on the screen that can be asked about.

    Args:
        kind: ``"button"``, ``"switch"`` or ``"text"``.
        text: what it says, or what stands beside it.
        box: left, top, right, bottom in points; of the switch itself, for a switch.
    """

    kind: str
    text: str
    box: tuple[float, float, float, float]


@dataclass
class Screen:
    """A canvas on which everything has its place.

    Args:
        width: in points.
        height: in points.
        dark: light text on a dark ground.
        accent: colour of what is active.
    """

    width: int
    height: int
    dark: bool
    accent: str
    elements: list[Element] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    @property
    def ink(self) -> str:
        """Colour of text."""
        return "luma(235)" if self.dark else "luma(30)"

    @property
    def ground(self) -> str:
        """Colour of the window."""
        return "luma(32)" if self.dark else "luma(252)"

    @property
    def raised(self) -> str:
        """Colour of bars and panels."""
        return "luma(48)" if self.dark else "luma(238)"

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, radius: float = 0, line: str = ""
    ) -> None:
        """Draw a rectangle with its top left corner at (x, y) points."""
        stroke = f"0.8pt + {line}" if line else "none"
        shape = f"rect(width: {width}pt, height: {height}pt, fill: {fill}, radius: {radius}pt, stroke: {stroke})"
        self.drawn.append(f"#place(dx: {x}pt, dy: {y}pt, {shape})")

    def text(
        self, text: str, x: float, y: float, width: float, height: float, fill: str = "", align: str = "left"
    ) -> None:
        """Write one line, vertically in the middle of a box; it must fit, for nothing is wrapped away."""
        inside = f"text(fill: {fill or self.ink})[{inline(text)}]"
        box = f"box(width: {width}pt, height: {height}pt, align({align} + horizon, {inside}))"
        self.drawn.append(f"#place(dx: {x}pt, dy: {y}pt, {box})")

    def label(self, text: str, x: float, y: float, width: float, height: float = 32) -> None:
        """A line of text that can be asked about."""
        self.text(text, x, y, width, height)
        self.elements.append(Element("text", text, (x, y, x + width, y + height)))

    def button(self, text: str, x: float, y: float, width: float = 104, height: float = 36, main: bool = False) -> None:
        """A button."""
        fill = f"rgb({literal(self.accent)})" if main else self.raised
        self.box(x, y, width, height, fill, radius=5, line="luma(150)")
        self.text(text, x, y, width, height, "white" if main else "", "center")
        self.elements.append(Element("button", text, (x, y, x + width, y + height)))

    def switch(self, text: str, x: float, y: float, width: float, on: bool) -> None:
        """A setting: its name at the left, a switch at the right end of ``width`` points."""
        self.text(text, x, y, width - 70, 36)
        left = x + width - 52
        self.box(left, y + 6, 46, 24, f"rgb({literal(self.accent)})" if on else "luma(165)", radius=12)
        knob = "circle(radius: 9pt, fill: white)"
        self.drawn.append(f"#place(dx: {left + (25 if on else 3)}pt, dy: {y + 9}pt, {knob})")
        self.elements.append(Element("switch", text, (left, y + 6, left + 46, y + 30)))

    def thousandths(self, x: float, y: float) -> tuple[int, int]:
        """A place as InternVL2 writes it."""
        return round(1000 * x / self.width), round(1000 * y / self.height)


def sample(seed: int) -> Sample:
    """Draw a screen and ask about one of its elements.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    language = choose_language(rng)
    writer = Writer(rng, language)
    width, height = rng.choice(SCREENS)
    accent = rng.choice(("#1a73e8", "#0b8043", "#b3261e", "#6750a4", "#00796b"))
    screen = Screen(width, height, rng.random() < 0.35, accent)
    kind = "settings" if width < 500 else rng.choice(("settings", "form", "browser"))
    {"settings": _settings, "form": _form, "browser": _browser}[kind](rng, writer, screen)
    latin, chinese = rng.choice(tuple(SANS)), rng.choice(tuple(CHINESE))
    element = rng.choice(_unique(screen.elements))
    question, answer = _ask(rng, language, screen, element)
    check("".join(each.text for each in screen.elements), latin, chinese)
    page = typeset(_source(screen, families(latin, chinese)), 144 if width < 500 else rng.choice((72, 72, 108)))[0]
    meta = {
        "seed": seed,
        "language": language,
        "kind": kind,
        "element": element.kind,
        "font": latin if language == "en" else chinese,
        "clean": True,
    }
    return Sample(TASK, page, question, answer, meta)


def _unique(elements: list[Element]) -> list[Element]:
    """Those whose text stands only once on the screen, so that a question means one of them."""
    texts = [element.text for element in elements]
    return [element for element in elements if texts.count(element.text) == 1]


def _ask(rng: Random, language: str, screen: Screen, element: Element) -> tuple[str, str]:
    left, top, right, bottom = element.box
    corners = [*screen.thousandths(left, top), *screen.thousandths(right, bottom)]
    if element.kind in _CLICK[language] and rng.random() < 0.5:
        x, y = screen.thousandths((left + right) / 2, (top + bottom) / 2)
        return _CLICK[language][element.kind].format(text=element.text), f"click({x}, {y})"
    if element.kind != "switch" and rng.random() < 0.5:
        return _READ[language].format(box=corners), element.text
    if element.kind == "switch":
        x, y = screen.thousandths((left + right) / 2, (top + bottom) / 2)
        return _CLICK[language]["switch"].format(text=element.text), f"click({x}, {y})"
    return _FIND[language].format(text=element.text), str(corners)


def _title_bar(writer: Writer, screen: Screen) -> None:
    screen.box(0, 0, screen.width, 44, screen.raised)
    screen.label(writer.slot("product"), 20, 6, 240)
    for number, colour in enumerate(("rgb(236,95,88)", "rgb(245,189,79)", "rgb(98,197,84)")):
        screen.drawn.append(
            f"#place(dx: {screen.width - 30 - 24 * number}pt, dy: 16pt, circle(radius: 6pt, fill: {colour}))"
        )


def _settings(rng: Random, writer: Writer, screen: Screen) -> None:
    """A list of switches; on wide screens beside a list of pages."""
    _title_bar(writer, screen)
    wide = screen.width > 500
    left = 290 if wide else 20
    if wide:
        screen.box(0, 44, 260, screen.height - 44, screen.raised)
        for number, entry in enumerate(writer.words_of("menu", 8)):
            screen.label(entry, 28, 70 + 44 * number, 200)
    width = min(720, screen.width - left - 24)
    rows = rng.randint(6, min(11, (screen.height - 150) // 56))
    for number, name in enumerate(writer.words_of("settings", rows)):
        top = 76 + 56 * number
        screen.switch(name, left, top, width, rng.random() < 0.5)
        screen.box(left, top + 46, width, 0.6, "luma(150)")
    names = writer.words_of("buttons", 2)
    for number, name in enumerate(names):
        screen.button(name, left + width - 108 - 120 * number, screen.height - 56, main=number == 0)


def _form(rng: Random, writer: Writer, screen: Screen) -> None:
    """Named fields, some filled in, and buttons below."""
    _title_bar(writer, screen)
    left, width = screen.width * 0.2, screen.width * 0.6
    fields = writer.words_of("fields", rng.randint(5, min(9, (screen.height - 200) // 62)))
    filled = {0: "person", 1: "city", 2: "email", 3: "phone", 4: "address"}
    for number, name in enumerate(fields):
        top = 84 + 62 * number
        screen.label(name, left, top, 180, 36)
        screen.box(left + 200, top, width - 200, 36, screen.ground, radius=4, line="luma(140)")
        if rng.random() < 0.6:
            screen.label(writer.slot(rng.choice(list(filled.values()))), left + 212, top, width - 224, 36)
    for number, name in enumerate(writer.words_of("buttons", 3)):
        screen.button(name, left + 200 + 124 * number, 84 + 62 * len(fields) + 14, main=number == 0)


def _browser(rng: Random, writer: Writer, screen: Screen) -> None:
    """A list of files or messages under a tool bar."""
    _title_bar(writer, screen)
    for number, name in enumerate(writer.words_of("buttons", rng.randint(4, 7))):
        screen.button(name, 20 + 116 * number, 56, main=False)
    rows = rng.randint(7, (screen.height - 160) // 44)
    columns = (("company", 0.04, 0.4), ("date", 0.46, 0.22), ("person", 0.7, 0.26))
    for row in range(rows):
        top = 112 + 44 * row
        if row % 2:
            screen.box(0, top, screen.width, 44, screen.raised)
        for slot, start, share in columns:
            screen.label(writer.slot(slot), screen.width * start, top + 6, screen.width * share)


def _source(screen: Screen, fonts: str) -> str:
    lines = "\n".join(screen.drawn)
    return f"""\
#set page(width: {screen.width}pt, height: {screen.height}pt, margin: 0pt, fill: {screen.ground})
#set text(font: {fonts}, size: 15pt, hyphenate: false, fallback: false)
{lines}
"""
