"""TEDS, the similarity of two HTML tables as trees: 1 − tree edit distance / nodes of the larger table.

https://arxiv.org/abs/1911.10683 §5. A cell (``td``) costs the share of its characters and inner tags that differ; of
everything else, header cells (``th``) too, only the tag counts.
"""

from typing import NamedTuple

from lxml import etree, html
from rapidfuzz.distance import Levenshtein

from .trees import Tree, tree_edit_distance


class Tag(NamedTuple):
    """An element of a table.

    Args:
        name: of the tag.
        colspan: columns of a cell; 0 for anything that is no cell.
        rowspan: rows of a cell; 0 for anything that is no cell.
        content: characters and inner tags of a cell.
    """

    name: str
    colspan: int = 0
    rowspan: int = 0
    content: tuple[str, ...] = ()


def teds(prediction: str, reference: str) -> float:
    """Compare two HTML documents by the first table in the body of each.

    Args:
        prediction: what the model wrote, with ``html`` and ``body`` around.
        reference: the right table, likewise.

    Returns:
        1 for the same table; 0 if one of them has no table, no element in it, or a span that is no number.
    """
    predicted, right = _table(prediction), _table(reference)
    if predicted is None or right is None:
        return 0.0
    size = max(len(predicted.xpath(".//*")), len(right.xpath(".//*")))
    try:
        distance = tree_edit_distance(_tree(predicted), _tree(right), _rename)
    except ValueError:
        return 0.0
    return 1 - distance / size if size else 0.0


def _table(text: str) -> html.HtmlElement | None:
    parser = html.HTMLParser(remove_comments=True, encoding="utf-8")
    try:
        tables = html.fromstring(text, parser=parser).xpath("body/table")
    except (etree.ParserError, ValueError):
        return None
    return tables[0] if tables else None


def _tree(element: html.HtmlElement) -> Tree:
    if element.tag == "td":
        colspan, rowspan = (int(element.attrib.get(name, "1")) for name in ("colspan", "rowspan"))
        return Tree(Tag("td", colspan, rowspan, tuple(_tokens(element)[1:-1])))
    return Tree(Tag(str(element.tag)), [_tree(child) for child in element])


def _tokens(element: html.HtmlElement) -> list[str]:
    """Characters and tags of an element and what follows it up to the next tag."""
    tokens = [f"<{element.tag}>", *(element.text or "")]
    for child in element:
        tokens += _tokens(child)
    if element.tag != "unk":
        tokens.append(f"</{element.tag}>")
    return tokens if element.tag == "td" else [*tokens, *(element.tail or "")]


def _rename(first: Tag, second: Tag) -> float:
    if first[:3] != second[:3]:
        return 1.0
    return Levenshtein.normalized_distance(first.content, second.content)
