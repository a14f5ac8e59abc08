"""A card as its sections: what begins with ``## Heading``, and what is before the first of them."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=PackageLoader("fcotvl_hf.hub", "templates"), undefined=StrictUndefined, keep_trailing_newline=False
)
"""Markdown, so nothing is escaped."""
_FENCES = ("```", "~~~")


def render(template: str, **values: Any) -> str:
    """A section's text from its template in ``templates/``.

    Args:
        template: name of the file.
        **values: what it needs.
    """
    return _TEMPLATES.get_template(template).render(**values).strip()


def split(text: str) -> dict[str, str]:
    """Heading → text below it; what comes before the first heading is under the empty one.

    Args:
        text: Markdown. Lines inside of code are no headings.
    """
    sections: dict[str, list[str]] = {"": []}
    heading, fence = "", None
    for line in text.splitlines():
        mark = line.strip()[:3]
        if mark in _FENCES and fence in (None, mark):
            fence = None if fence else mark
        if fence is None and line.startswith("## "):
            heading = line[3:].strip()
            sections.setdefault(heading, [])
        else:
            sections[heading].append(line)
    return {name: "\n".join(lines).strip() for name, lines in sections.items()}


def join(sections: Mapping[str, str]) -> str:
    """The Markdown of sections; empty ones are left out.

    Args:
        sections: heading → text, as ``split`` gives them.
    """
    parts = [f"## {name}\n\n{text}" if name else text for name, text in sections.items() if text]
    return "\n\n".join(parts) + "\n"


def body(section: str) -> str:
    """A section without its heading, for templates that have it.

    Args:
        section: Markdown that begins with ``## ``.
    """
    return section.partition("\n")[2].strip()
