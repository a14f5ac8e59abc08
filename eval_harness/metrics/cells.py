r"""Markdown tables: which cells stand right at their row and column.

The parser takes what models write, not only what the format allows: outer pipes may be missing, rows may be ragged,
the delimiter row may be absent, text around the table is ignored. Format: https://github.github.com/gfm/#tables-extension-
"""

import re

_SEPARATOR = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r":?-+:?")


def parse_markdown_table(text: str) -> list[list[str]]:
    r"""Read the rows of a Markdown table, header first, without the delimiter row.

    Args:
        text: any text; lines without an unescaped ``|`` are no part of the table.

    Returns:
        Rows of cells, white space trimmed and collapsed, ``\|`` unescaped. Empty if there is no table.
    """
    rows = [_cells(line) for line in text.splitlines() if _SEPARATOR.search(line)]
    if len(rows) > 1 and all(_DELIMITER.fullmatch(cell) for cell in rows[1]):
        del rows[1]
    return rows


def cell_f1(prediction: str, reference: str) -> float:
    """F1 of the cells (row, column, text): missing, wrong and surplus cells all cost.

    Args:
        prediction: what the model wrote.
        reference: a Markdown table; if it holds no cell, only a prediction without cells scores.

    Returns:
        2 · right cells / (cells written + cells wanted).
    """
    written, wanted = _placed(prediction), _placed(reference)
    if not wanted:
        return float(not written)
    return 2 * len(written & wanted) / (len(written) + len(wanted))


def _cells(line: str) -> list[str]:
    line = line.strip()
    if line.startswith("|"):
        line = line[1:]
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [" ".join(cell.replace("\\|", "|").split()) for cell in _SEPARATOR.split(line)]


def _placed(text: str) -> set[tuple[int, int, str]]:
    rows = parse_markdown_table(text)
    return {(row, column, cell) for row, cells in enumerate(rows) for column, cell in enumerate(cells)}
