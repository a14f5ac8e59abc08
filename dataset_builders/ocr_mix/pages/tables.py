"""What stands in tables, and how they are ruled: shared by tables of their own and those in documents."""

from collections.abc import Callable, Sequence
from random import Random

from ..prose import Writer
from ..typesetting import inline

Cells = list[list[str]]

_STYLES = (
    "stroke: 0.5pt",
    "stroke: 0.5pt + gray, inset: 6pt",
    "stroke: none, inset: (x: 8pt, y: 5pt), fill: (_, y) => if calc.odd(y) { luma(235) }",
    "stroke: (_, y) => (top: if y <= 1 { 0.8pt } else { 0pt }, bottom: 0.8pt), inset: (x: 9pt, y: 5pt)",
    "stroke: (_, y) => (bottom: 0.4pt + luma(170)), inset: (x: 10pt, y: 6pt)",
    "stroke: 0.4pt + rgb(150,170,200), fill: (_, y) => if y == 0 { rgb(215,228,245) }, inset: 6pt",
    "stroke: none, inset: 6pt, fill: (_, y) => if y == 0 { rgb(185,200,225) } else if calc.even(y) { luma(243) }",
    'stroke: (x, y) => if y == 0 { (bottom: 1pt) } else { (bottom: (thickness: 0.4pt, dash: "dotted")) }, inset: 6pt',
)


def choose_style(rng: Random) -> str:
    """Arguments of Typst's ``table`` for rulings, shades and padding."""
    align = rng.choice(("left", "center", "(x, _) => if x == 0 { left } else { right }"))
    return f"{rng.choice(_STYLES)}, align: {align}"


def table_page(rng: Random, cells: Cells, text: str, groups: Sequence[tuple[str, int]] = (), title: str = "") -> str:
    """Typst's source of a page that a table fills.

    Args:
        rng: chooses margin and style.
        cells: the first row is the header.
        text: Typst's rule for the text.
        groups: (text, columns) of cells above the header.
        title: above the table.
    """
    above = "".join(f"table.cell(colspan: {columns}, align: center)[{inline(name)}]," for name, columns in groups)
    bold = rng.random() < 0.6
    header = "".join(f"[{f'*{inline(cell)}*' if bold else inline(cell)}]," for cell in cells[0])
    body = "".join(f"[{inline(cell)}]," for row in cells[1:] for cell in row)
    heading = f"#text(1.2em)[*{inline(title)}*]\n\n" if title else ""
    columns = len(cells[0])
    return f"""\
#set page(width: auto, height: auto, margin: {rng.randint(8, 40)}pt)
{text}
{heading}#table(columns: {columns}, {choose_style(rng)}, table.header({above}{header}), {body})
"""


def choose_cells(rng: Random, writer: Writer, most_rows: int, most_columns: int) -> Cells:
    """A header and up to ``most_rows`` rows of 2 to ``most_columns`` columns, of a kind that people make tables of."""
    columns = _COLUMNS[writer.language]
    first, named, fitting = rng.choice(_FIRST[writer.language])
    keys = rng.sample(fitting, min(len(fitting), rng.randint(2, most_columns) - 1))
    rows = rng.randint(3, most_rows)
    cells = [[first, *keys]]
    names = dict.fromkeys(named(rng, writer, number) for number in range(rows))  # each once
    cells += [[name, *(columns[key](rng) for key in keys)] for name in names]
    if rng.random() < 0.25:  # cells that have no value
        row, column = rng.randint(1, len(names)), rng.randint(1, len(keys))
        cells[row][column] = rng.choice(("–", "n/a", "*")) if writer.language == "en" else "无"
    return cells


_Column = Callable[[Random], str]
_Named = Callable[[Random, Writer, int], str]

_COLUMNS: dict[str, dict[str, _Column]] = {
    "en": {
        "Revenue": lambda rng: f"{rng.randint(100, 99999):,}",
        "Change (%)": lambda rng: f"{rng.choice('+-')}{rng.randint(0, 30)}.{rng.randint(0, 9)}",
        "Price": lambda rng: f"${rng.randint(1, 900)}.{rng.randint(0, 99):02d}",
        "Units": lambda rng: str(rng.randint(1, 5000)),
        "Share": lambda rng: f"{rng.randint(1, 99)}%",
        "Date": lambda rng: f"{rng.randint(2015, 2026)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        "Time": lambda rng: f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}",
        "Weight (kg)": lambda rng: f"{rng.randint(0, 90)}.{rng.randint(0, 9)}",
        "Rank": lambda rng: str(rng.randint(1, 60)),
        "Grade": lambda rng: rng.choice(("A", "A-", "B+", "B", "C", "D")),
        "Status": lambda rng: rng.choice(("open", "closed", "in progress", "cancelled")),
        "Code": lambda rng: f"{rng.choice('ABCDEFGHK')}{rng.randint(100, 9999)}",
        "Accuracy": lambda rng: f"{rng.randint(50, 99)}.{rng.randint(0, 9)} ± {rng.randint(0, 2)}.{rng.randint(1, 9)}",
        "In stock": lambda rng: rng.choice(("yes", "no")),
    },
    "zh": {
        "营业收入": lambda rng: f"{rng.randint(100, 99999):,}",
        "同比增长": lambda rng: f"{rng.randint(-20, 60)}.{rng.randint(0, 9)}%",
        "单价": lambda rng: f"{rng.randint(1, 900)}.{rng.randint(0, 99):02d}元",
        "数量": lambda rng: str(rng.randint(1, 5000)),
        "占比": lambda rng: f"{rng.randint(1, 99)}%",
        "日期": lambda rng: f"{rng.randint(2015, 2026)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
        "时间": lambda rng: f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}",
        "重量": lambda rng: f"{rng.randint(1, 90)}公斤",
        "排名": lambda rng: str(rng.randint(1, 60)),
        "等级": lambda rng: rng.choice(("优", "良", "中", "合格", "不合格")),
        "状态": lambda rng: rng.choice(("进行中", "已完成", "未开始", "已取消")),
        "编号": lambda rng: f"{rng.choice('ABCDEFGHK')}{rng.randint(100, 9999)}",
    },
}

_MONEY = {
    "en": ("Revenue", "Change (%)", "Share", "Units", "Rank"),
    "zh": ("营业收入", "同比增长", "占比", "数量", "排名"),
}
_GOODS = {
    "en": ("Code", "Price", "Units", "Weight (kg)", "In stock", "Status"),
    "zh": ("编号", "单价", "数量", "重量", "状态", "日期"),
}
_PEOPLE = {
    "en": ("Code", "Grade", "Rank", "Date", "Time", "Status"),
    "zh": ("编号", "等级", "排名", "日期", "时间", "状态"),
}
_PLACES = {
    "en": ("Units", "Share", "Change (%)", "Date", "Rank"),
    "zh": ("数量", "占比", "同比增长", "日期", "排名"),
}
_TRIALS = {"en": ("Accuracy", "Units", "Share", "Date", "Grade"), "zh": ("数量", "占比", "日期", "等级")}

_FIRST: dict[str, tuple[tuple[str, _Named, tuple[str, ...]], ...]] = {
    "en": (
        ("Company", lambda rng, writer, number: writer.slot("company"), _MONEY["en"]),
        ("Year", lambda rng, writer, number: str(2008 + number), _MONEY["en"]),
        ("Month", lambda rng, writer, number: writer.slot("month"), _MONEY["en"]),
        ("Name", lambda rng, writer, number: writer.slot("person"), _PEOPLE["en"]),
        ("City", lambda rng, writer, number: writer.slot("city"), _PLACES["en"]),
        ("Country", lambda rng, writer, number: writer.slot("country"), _PLACES["en"]),
        ("Product", lambda rng, writer, number: f"{writer.slot('product')} {number + 1}", _GOODS["en"]),
        ("Article", lambda rng, writer, number: writer.word_of("goods"), _GOODS["en"]),
        ("Species", lambda rng, writer, number: writer.slot("animal"), _TRIALS["en"]),
        ("Medicine", lambda rng, writer, number: writer.slot("medicine"), _TRIALS["en"]),
    ),
    "zh": (
        ("公司", lambda rng, writer, number: writer.slot("company"), _MONEY["zh"]),
        ("年份", lambda rng, writer, number: f"{2008 + number}年", _MONEY["zh"]),
        ("姓名", lambda rng, writer, number: writer.slot("person"), _PEOPLE["zh"]),
        ("城市", lambda rng, writer, number: writer.slot("city"), _PLACES["zh"]),
        ("商品", lambda rng, writer, number: writer.word_of("goods"), _GOODS["zh"]),
        ("样品", lambda rng, writer, number: f"样品{number + 1}", _TRIALS["zh"]),
    ),
}
"""Title of the first column, what stands in it, and the columns that go with it."""
