"""The Markdown pages of this repository, taken apart by the parser that CommonMark's authors tested."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob(".github/**/*.md")), *sorted(DOCS.rglob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Args:
        page: where it stands.
        line: its first line there.
        language: what stands behind the fence.
        text: what is in it.
    """

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        """Where it is, as an editor opens it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A line of a shell block.

    Args:
        block: where it stands.
        words: as the shell splits it; wildcards stay.
    """

    block: Block
    words: tuple[str, ...]

    def __str__(self) -> str:
        """Where it is and how it begins."""
        return f"{self.block}: {' '.join(self.words)[:50]}"


@cache
def tokens(page: Path) -> list[Token]:
    """A page as a list of tokens."""
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page, of some languages if any are named."""
    fences = [token for token in tokens(page) if token.type == "fence"]
    found = [Block(page, (token.map or [0])[0] + 2, token.info.strip(), token.content) for token in fences]
    return [block for block in found if not languages or block.language in languages]


def commands(page: Path) -> Iterator[Command]:
    """What a page tells to type: each line of ``bash`` blocks, and what follows ``$`` in ``console`` blocks."""
    for block in blocks(page, "bash", "console"):
        lines = block.text.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            if words := shlex.split(re.sub(r"(^|\s)# .*", "", line)):
                yield Command(block, tuple(words))


def links(page: Path) -> list[str]:
    """Where a page's links and pictures point, HTML's too."""
    inline = [child for token in tokens(page) for child in token.children or ()]
    found = [str(child.attrs[name]) for child in inline for name in ("href", "src") if name in child.attrs]
    html = "".join(token.content for token in [*tokens(page), *inline] if token.type.startswith("html"))
    return found + re.findall(r'(?:href|src|srcset)="([^"]+)"', html)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    every = tokens(page)
    headings = [after.content for token, after in zip(every, every[1:], strict=False) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
