"""Tables of records: look-up over rows and columns, aggregation, filters, derived columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from ..degradation import scan
from ..ocr_mix.pages.tables import table_page
from ..ocr_mix.typesetting import CHINESE, SANS, SERIF, check, families, typeset
from .problem import (
    Problem,
    Question,
    as_choices,
    equals,
    list_question,
    number_question,
    plain,
    rounded,
    text_question,
)


@dataclass(frozen=True)
class Table:
    """Records with a name, a group, a count and an amount.

    Args:
        names: heading of the first column, then of the group, of a count and of an amount for each of these.
        rows: (name, group, count, amount).
    """

    names: tuple[str, str, str, str]
    rows: Sequence[tuple[str, str, int, Decimal]]

    @property
    def cells(self) -> list[list[str]]:
        """The table as texts, header first."""
        return [
            list(self.names),
            *([name, group, str(count), f"{amount:f}"] for name, group, count, amount in self.rows),
        ]


@dataclass(frozen=True)
class _Topic:
    headings: tuple[str, str, str, str]
    groups: Mapping[str, tuple[str, ...]]
    counts: tuple[int, int]
    amounts: tuple[int, int]
    cents: bool
    product: str


_TOPICS = (
    _Topic(
        ("Product", "Category", "Units", "Price"),
        {
            "Office": ("Pen", "Stapler", "Notebook", "Folder"),
            "Furniture": ("Desk", "Chair", "Lamp", "Shelf"),
            "Computer": ("Printer", "Cable", "Monitor", "Keyboard", "Mouse"),
        },
        (2, 60),
        (1, 90),
        True,
        "revenue (units times price)",
    ),
    _Topic(
        ("Employee", "Team", "Hours", "Rate"),
        {
            "North": ("Adams", "Baker", "Chen", "Diaz"),
            "South": ("Evans", "Fischer", "Gupta", "Haas"),
            "East": ("Ito", "Jones", "Klein", "Lopez"),
        },
        (10, 45),
        (14, 60),
        False,
        "pay (hours times rate)",
    ),
    _Topic(
        ("Route", "Region", "Trips", "Distance"),
        {"City": ("A1", "A4", "B2", "B7"), "Coast": ("C3", "C9", "D5"), "Hills": ("E8", "F6", "G2")},
        (3, 40),
        (5, 120),
        False,
        "total distance (trips times distance)",
    ),
    _Topic(
        ("Crop", "Field", "Plots", "Yield"),
        {
            "Upper": ("Wheat", "Barley", "Maize", "Oats"),
            "Lower": ("Beans", "Peas", "Potatoes"),
            "River": ("Carrots", "Onions", "Leeks"),
        },
        (4, 30),
        (8, 95),
        False,
        "harvest (plots times yield)",
    ),
)


def sample(seed: int) -> Problem:
    """Draw a table of records and ask about several of its cells.

    Args:
        seed: the same seed gives the same page and question.
    """
    rng = Random(f"cot-table-{seed}")
    topic = rng.choice(_TOPICS)
    table = _records(rng, topic)
    question = rng.choice(KINDS)(rng, table, topic.product)
    family, points, resolution = rng.choice((*SERIF, *SANS)), rng.choice((9, 10, 11, 12)), rng.choice((100, 130, 160))
    chinese = next(iter(CHINESE))
    check("".join(map("".join, table.cells)), family, chinese)
    text = f"#set text(font: {families(family, chinese)}, size: {points}pt)"
    image, degradations = scan(typeset(table_page(rng, table.cells, text), resolution)[0], rng)
    style = {"font": family, "points": points, "pixels_per_inch": resolution}
    return Problem("table", image, question, {"seed": seed, **style, "clean": not degradations, **degradations})


def _records(rng: Random, topic: _Topic) -> Table:
    """Between 4 and 8 records; counts differ from each other, and so do amounts and products."""
    group_of = {name: group for group, names in topic.groups.items() for name in names}
    while True:
        names = rng.sample(list(group_of), rng.randint(4, 8))
        counts = rng.sample(range(*topic.counts), len(names))
        amounts = [Decimal(rng.randint(*topic.amounts)) for _ in names]
        if topic.cents:
            amounts = [amount + rng.choice((Decimal("0.25"), Decimal("0.50"), Decimal("0.99"))) for amount in amounts]
        products = {count * amount for count, amount in zip(counts, amounts, strict=True)}
        if len(set(amounts)) == len(products) == len(names):
            groups = [group_of[name] for name in names]
            return Table(topic.headings, list(zip(names, groups, counts, amounts, strict=True)))


def _product(rng: Random, table: Table, product: str) -> Question:
    name, _, count, amount = rng.choice(table.rows)
    result = f"{count * amount:f}"
    steps = [
        f"The row of {name} has {table.names[2]} = {count} and {table.names[3]} = {amount:f}.",
        f"{count} × {amount:f} = {result}.",
    ]
    question = number_question(f"What is the {product} of {name}?", result, steps)
    slips = [f"{slip:f}" for slip in (count + amount, (count + 1) * amount, (count - 1) * amount, amount)]
    return as_choices(rng, question, slips) if rng.random() < 0.25 else question


def _column_total(rng: Random, table: Table, product: str) -> Question:
    counts = [count for _, _, count, _ in table.rows]
    steps = [
        f"The column {table.names[2]} holds {', '.join(map(str, counts))}.",
        f"{' + '.join(map(str, counts))} = {sum(counts)}.",
    ]
    return number_question(f"What is the sum of the column {table.names[2]}?", str(sum(counts)), steps)


def _group_total(rng: Random, table: Table, product: str) -> Question:
    group = rng.choice([group for _, group, _, _ in table.rows])
    chosen = [(name, count) for name, other, count, _ in table.rows if other == group]
    total = sum(count for _, count in chosen)
    found = ", ".join(f"{name} ({count})" for name, count in chosen)
    steps = [f"Rows with {table.names[1]} {group}: {found}."]
    if len(chosen) > 1:
        steps.append(f"{' + '.join(str(count) for _, count in chosen)} = {total}.")
    text = f"Add up the {table.names[2].lower()} of all rows whose {table.names[1]} is {group}."
    return number_question(text, str(total), steps)


def _average(rng: Random, table: Table, product: str) -> Question:
    amounts = [amount for *_, amount in table.rows]
    total = sum(amounts, Decimal())
    result = rounded(total / len(amounts))
    steps = [
        f"The sum is {' + '.join(f'{amount:f}' for amount in amounts)} = {total:f}.",
        f"There are {len(amounts)} rows: {total:f} / {len(amounts)} {equals(total / len(amounts), result)}.",
    ]
    text = f"What is the average {table.names[3].lower()}, rounded to two decimals?"
    return number_question(text, plain(result), steps)


def _best_product(rng: Random, table: Table, product: str) -> Question:
    results = {name: count * amount for name, _, count, amount in table.rows}
    best = max(results, key=lambda name: results[name])
    steps = [f"{name}: {count} × {amount:f} = {results[name]:f}." for name, _, count, amount in table.rows]
    steps.append(f"The largest of these is {results[best]:f}, of {best}.")
    return text_question(f"Which {table.names[0].lower()} has the highest {product}?", best, steps)


def _filtered(rng: Random, table: Table, product: str) -> Question:
    limit = rng.choice(sorted(count for _, _, count, _ in table.rows)[:-1])
    found = [(name, count) for name, _, count, _ in table.rows if count > limit]
    steps = [
        f"{name}: {count} is {'greater' if count > limit else 'not greater'} than {limit}."
        for name, _, count, _ in table.rows
    ]
    text = f"List every {table.names[0].lower()} whose {table.names[2].lower()} are greater than {limit}."
    if len(found) == 1:
        return text_question(text, found[0][0], steps)
    return list_question(text, [name for name, _ in found], steps)


def _difference(rng: Random, table: Table, product: str) -> Question:
    (high, *_, larger), (low, *_, smaller) = sorted(rng.sample(table.rows, 2), key=lambda row: row[3], reverse=True)
    result, measure = f"{larger - smaller:f}", table.names[3].lower()
    steps = [
        f"The {measure} of {high} is {larger:f}, that of {low} is {smaller:f}.",
        f"{larger:f} - {smaller:f} = {result}.",
    ]
    text = f"By how much is the {measure} of {high} greater than that of {low}?"
    return number_question(text, result, steps)


KINDS: tuple[Callable[[Random, Table, str], Question], ...] = (
    _product,
    _column_total,
    _group_total,
    _average,
    _best_product,
    _filtered,
    _difference,
)
"""What makes a question from the records and the name of the product of their numbers."""
