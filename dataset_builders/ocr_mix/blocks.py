"""A document as a list of blocks, each written twice: as Markdown, which is the label, and as Typst, which is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .expressions import Expression
from .table import to_markdown
from .typesetting import inline, literal

Cells = Sequence[Sequence[str]]


class Block(Protocol):
    """A paragraph, a heading, a table …"""

    @property
    def markdown(self) -> str:
        """What the label says."""

    @property
    def typst(self) -> str:
        """What is drawn."""


@dataclass(frozen=True)
class Heading:
    """A section's heading; ``level`` 1 is the document's title."""

    level: int
    text: str
    centred: bool = False

    @property
    def markdown(self) -> str:
        """``## Text``."""
        return f"{'#' * self.level} {self.text}"

    @property
    def typst(self) -> str:
        """A heading that the document's style may show in any way."""
        heading = f"#heading(level: {self.level}, {literal(self.text)})"
        return f"#align(center)[{heading}]" if self.centred else heading


@dataclass(frozen=True)
class Paragraph:
    """Running text; the ``strong`` part of it is set in bold, a formula may follow."""

    text: str
    strong: str = ""
    tail: str = ""

    @property
    def markdown(self) -> str:
        """``text **strong** tail``, as it is read."""
        bold = f"**{self.strong}**" if self.strong else ""
        return f"{self.text}{bold}{self.tail}"

    @property
    def typst(self) -> str:
        """The same with ``strong``."""
        bold = f"#strong({literal(self.strong)});" if self.strong else ""
        return f"{inline(self.text)}{bold}{inline(self.tail)}"


@dataclass(frozen=True)
class Items:
    """A list, with bullets or numbers."""

    items: Sequence[str]
    numbered: bool = False

    @property
    def markdown(self) -> str:
        """``- item`` or ``1. item``."""
        marks = [f"{number}." if self.numbered else "-" for number in range(1, len(self.items) + 1)]
        return "\n".join(f"{mark} {item}" for mark, item in zip(marks, self.items, strict=True))

    @property
    def typst(self) -> str:
        """A list or enumeration."""
        kind = "enum" if self.numbered else "list"
        return f"#{kind}({', '.join(f'[{inline(item)}]' for item in self.items)})"


@dataclass(frozen=True)
class Table:
    """Cells, the first row being the header; ``style`` names a ruling of ``tables.py``'s."""

    cells: Cells
    style: str = "stroke: 0.5pt"
    caption: str = ""

    @property
    def markdown(self) -> str:
        """The caption, then a pipe table."""
        return "\n\n".join(part for part in (self.caption, to_markdown(self.cells)) if part)

    @property
    def typst(self) -> str:
        """A table over the text's width."""
        header, *body = ("".join(f"[{inline(cell)}]," for cell in row) for row in self.cells)
        columns = f"columns: {len(self.cells[0])}"
        table = f"#align(center, table({columns}, {self.style}, table.header({header}), {''.join(body)}))"
        return f"#align(center)[{inline(self.caption)}]\n{table}" if self.caption else table


@dataclass(frozen=True)
class Display:
    """A formula set apart."""

    formula: Expression

    @property
    def markdown(self) -> str:
        """``$$ … $$``."""
        return f"$$ {self.formula.latex} $$"

    @property
    def typst(self) -> str:
        """A displayed equation."""
        return f"$ {self.formula.typst} $"


@dataclass(frozen=True)
class Figure:
    """A drawing that the label leaves out, and its caption."""

    drawing: str
    caption: str

    @property
    def markdown(self) -> str:
        """The caption, as an image's text."""
        return f"![{self.caption}]()"

    @property
    def typst(self) -> str:
        """The drawing above the caption."""
        return f"#align(center)[#{self.drawing}]\n#align(center)[{inline(self.caption)}]"


def markdown(blocks: Sequence[Block]) -> str:
    """Blocks with empty lines between them."""
    return "\n\n".join(block.markdown for block in blocks)


def typst(blocks: Sequence[Block]) -> str:
    """Blocks with empty lines between them."""
    return "\n\n".join(block.typst for block in blocks)
