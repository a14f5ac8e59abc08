"""Tables on a page of their own; the answer is the table as Markdown, or as HTML where cells span columns."""

from html import escape
from random import Random

from ...degradation import scan
from ...rows import Sample
from ..prompts import TABLE_HTML, TABLE_MARKDOWN, choose
from ..prose import Writer
from ..table import to_markdown
from ..typesetting import CHINESE, SANS, SERIF, check, families, typeset
from .languages import choose_language
from .tables import Cells, choose_cells, table_page

TASK = "table"
_GROUPS = {
    "en": ("First half", "Second half", "Domestic", "Abroad", "Plan", "Actual"),
    "zh": ("上半年", "下半年", "国内", "国外", "计划", "实际"),
}


def sample(seed: int) -> Sample:
    """Draw a table of up to 18 rows and 7 columns.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"page-{TASK}-{seed}")
    language = choose_language(rng)
    writer = Writer(rng, language)
    latin, chinese = rng.choice((*SERIF, *SANS)), rng.choice(tuple(CHINESE))
    cells = choose_cells(rng, writer, most_rows=rng.choice((5, 10, 18)), most_columns=rng.choice((4, 7)))
    groups = _groups(rng, language, len(cells[0])) if len(cells[0]) > 3 and rng.random() < 0.4 else []
    points, resolution = rng.choice((9, 10, 11, 12)), rng.choice((100, 130, 160))
    title = writer.heading() if rng.random() < 0.3 else ""
    text = f"#set text(font: {families(latin, chinese)}, size: {points}pt)"
    source = table_page(rng, cells, text, groups, title)
    check("".join(map("".join, cells)) + title, latin, chinese)
    page, degradations = scan(typeset(source, resolution)[0], rng)
    as_html = bool(groups) or rng.random() < 0.3
    prompt = choose((TABLE_HTML if as_html else TABLE_MARKDOWN)[language], rng)
    answer = to_html(cells, groups) if as_html else to_markdown(cells)
    meta = {
        "seed": seed,
        "language": language,
        "font": latin if language == "en" else chinese,
        "points": points,
        "pixels_per_inch": resolution,
        "rows": len(cells),
        "columns": len(cells[0]),
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, prompt, answer, meta)


def to_html(cells: Cells, groups: list[tuple[str, int]]) -> str:
    """Write a table as HTML without attributes but ``colspan``.

    Args:
        cells: the first row is the header.
        groups: (text, columns) of cells above the header; none if empty.
    """
    above = "".join(f"<th{_span(columns)}>{escape(text)}</th>" for text, columns in groups)
    header, *body = cells
    rows = [f"<tr>{above}</tr>"] if groups else []
    rows.append(f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in header)}</tr>")
    rows += [f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body]
    return f"<table>{''.join(rows)}</table>"


def _span(columns: int) -> str:
    return f' colspan="{columns}"' if columns > 1 else ""


def _groups(rng: Random, language: str, columns: int) -> list[tuple[str, int]]:
    """Cells above the header: one over the first column, the rest shared by one or two."""
    rest = columns - 1
    first = rng.randint(1, rest - 1) if rest > 1 and rng.random() < 0.7 else rest
    spans = [1, first, *([rest - first] if rest > first else [])]
    return list(zip(["", *rng.sample(_GROUPS[language], len(spans) - 1)], spans, strict=True))
