"""Tables: TEDS of what the question asks for, HTML or Markdown, after mending what replies leave out.

The Markdown reader is a strict one: its second line is dropped whatever it says, and what stands outside the outer
pipes is no cell, so a table without them has no cells at all.
"""

from .teds import teds

_HEAD, _FOOT = "<html><body><table>", "</table></body></html>"
_FENCE = "`markdown"
"""Characters, not a word, that are taken from both ends: a table that begins with "down" loses it."""


def table(prediction: str, reference: str, question: str) -> float:
    """Score a table in the format that the question names.

    Args:
        prediction: what the model wrote.
        reference: the right table, HTML or Markdown.
        question: says "html" or "markdown", in any case.

    Raises:
        ValueError: the question names neither.
    """
    asked = question.lower()
    if "html" in asked:
        return html_table(prediction, reference)
    if "markdown" in asked:
        return teds(markdown_to_html(prediction), markdown_to_html(reference))
    raise ValueError(f"the question names neither HTML nor Markdown: {question!r}")


def html_table(prediction: str, reference: str) -> float:
    """Score an HTML table; what stands before ``<body`` or else ``<table`` is ignored, and without either it is 0."""
    text = prediction.replace("\n", "")
    for start in ("<body", "<table"):
        if start in text:
            return teds(wrap_html(text[text.index(start) :]), wrap_html(reference))
    return 0.0


def wrap_html(text: str) -> str:
    """Add the tags around a table that are missing: ``table``, ``body``, ``html``."""
    text = text.replace("\n", "")
    opened, closed = "<table" in text, "</table>" in text
    if not opened:
        text = f"<table>{text}"
    if not closed:
        text = f"{text}</table>"
    if "<body>" not in text:
        text = f"<body>{text}</body>"
    return text if "<html>" in text else f"<html>{text}</html>"


def markdown_to_html(text: str) -> str:
    """Write a Markdown table as HTML: its first line and those from the third on."""
    lines = text.strip(_FENCE).strip("`").strip().split("\n")
    rows = [_row(line) for line in (lines[0], *lines[2:])]
    return (_HEAD + "".join(f"<tr>{row}</tr>" for row in rows) + _FOOT).replace("\n", "")


def _row(line: str) -> str:
    """The cells between the outer pipes; one of spaces only keeps a space."""
    cells = line.strip().split("|")[1:-1]
    return "".join(f"<td>{' ' if set(cell) == {' '} else cell.strip()}</td>" for cell in cells)
