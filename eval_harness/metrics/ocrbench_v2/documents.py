"""Documents in Markdown: the shape of their outline, as tree edit distance; what is written does not count.

The tree of a document has a node for each heading, whatever its level, and below it one for each line up to the next.
Blank lines are nodes too, and the only ones that differ from others.
"""

import re

from .trees import Tree, tree_edit_distance

_TITLE = "TITLE"
_CLEANING = (
    (re.compile(r"<(?:bos|eos|pad|unk)>"), ""),
    (re.compile(r"\s##(\S)"), r"\1"),
    (re.compile(r"\\\s"), r"\\"),
    (re.compile(r"\s\*\s\*\s"), "**"),
    (re.compile(r"{\s"), "{"),
    (re.compile(r"\s}"), "}"),
    (re.compile(r"\s}"), "}"),
    (re.compile(r"(\\begin|\\end)\s"), r"\1"),
    (re.compile(r"(\\end{table})"), r"\1   "),
    (re.compile(r"[*_]"), " "),
)
"""What is replaced in a line, in this order: traces of tokenizers, spaces in LaTeX, emphasis."""


def document(prediction: str, reference: str) -> float:
    """Score a document by 1 − tree edit distance / nodes of the larger tree.

    Args:
        prediction: what the model wrote.
        reference: the right Markdown.
    """
    predicted, right = outline(prediction), outline(reference)
    size = max(sum(1 for _ in predicted), sum(1 for _ in right))
    return 1 - tree_edit_distance(predicted, right, _rename) / size


def outline(text: str) -> Tree:
    """The tree of a document; lines before the first heading hang on a node of their own.

    Lines below a heading hang on the first node with its text, which is another one if that text stands there before.
    """
    title = Tree(_TITLE)
    root = Tree("ROOT", [title])
    above = title
    for line in map(_clean, text.split("\n")):
        if line.startswith("#"):
            heading = line.replace("#", "")
            root.children.append(Tree(heading))
            above = next(node for node in root if node.label == heading) if heading else title
        else:
            above.children.append(Tree(line))
    return root


def _clean(line: str) -> str:
    for pattern, replacement in _CLEANING:
        line = pattern.sub(replacement, line)
    return line


def _rename(first: str, second: str) -> float:
    return float(not first.strip() or not second.strip())
