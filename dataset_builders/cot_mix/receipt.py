"""Till receipts: what is printed adds up, and what is asked for is not printed."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from ..degradation import scan
from ..fonts import load_font
from ..rendering import Domain, Page, line_height
from .problem import Problem, Question, number_question, rounded, text_question

PAGES = Domain(text_height=(15, 24))
COLUMNS = 32
"""Characters of a line; tills print in one width."""

_FACES = ("DejaVuSansMono", "DejaVuSansMono-Bold")
_SHOPS = ("CORNER MARKET", "FAMILY STORE", "CITY SUPERMARKET", "HARBOUR MARKET", "FRESH & MORE", "NIGHT SHOP")
_ITEMS = {
    "Milk": 109, "Bread": 249, "Butter": 279, "Eggs": 319, "Apples": 199, "Rice": 189, "Coffee": 549, "Tea": 329,
    "Honey": 459, "Cheese": 399, "Pasta": 129, "Tomatoes": 229, "Juice": 179, "Soap": 149, "Candles": 499,
    "Notebook": 259, "Pencils": 139, "Cake": 375, "Soup": 425, "Salad": 565,
}  # fmt: skip
"""Item → usual price in hundredths."""
_TAXES = (5, 7, 8, 10, 19, 20)


@dataclass(frozen=True)
class Receipt:
    """One purchase; amounts in the till's currency.

    Args:
        shop: its name.
        lines: (item, pieces, price of one).
        tax: per cent on top of the subtotal, or 0.
        discount: per cent off the subtotal, or 0.
        cash: what was paid.
    """

    shop: str
    lines: tuple[tuple[str, int, Decimal], ...]
    tax: int
    discount: int
    cash: Decimal

    @property
    def subtotal(self) -> Decimal:
        """The sum of all lines."""
        return sum((pieces * price for _, pieces, price in self.lines), Decimal())

    @property
    def off(self) -> Decimal:
        """The discount as an amount."""
        return rounded(self.subtotal * self.discount / 100)

    @property
    def duty(self) -> Decimal:
        """The tax as an amount."""
        return rounded((self.subtotal - self.off) * self.tax / 100)

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.subtotal - self.off + self.duty


def sample(seed: int, domain: Domain = PAGES) -> Problem:
    """Print a receipt without the amount that is asked for.

    Args:
        seed: the same seed and domain give the same page and question.
        domain: text heights to use; the fonts are a till's.
    """
    rng = Random(f"cot-receipt-{seed}")
    receipt = _buy(rng)
    kind = rng.choice([kind for kind in KINDS if kind != "discount" or receipt.discount])
    hidden, ask = KINDS[kind]
    question = ask(rng, receipt)
    page, style = _print(rng, domain, receipt, hidden)
    image, degradations = scan(page.image, rng)
    meta = {"seed": seed, "kind": kind, **style, "clean": not degradations, **degradations}
    return Problem("receipt", image, question, meta)


def _buy(rng: Random) -> Receipt:
    items = rng.sample(list(_ITEMS), rng.randint(2, 7))
    prices = [rounded(Decimal(_ITEMS[item] + rng.randrange(-30, 60)) / 100) for item in items]
    lines = tuple((item, rng.choice((1, 1, 1, 2, 2, 3, 4)), price) for item, price in zip(items, prices, strict=True))
    tax = rng.choice((0, 0, *_TAXES))
    receipt = Receipt(rng.choice(_SHOPS), lines, tax, rng.choice((0, 0, 0, 5, 10, 15, 20)), Decimal())
    note = rng.choice((5, 10, 20, 50))
    cash = Decimal(note * int(receipt.total // note + 1))
    return Receipt(receipt.shop, lines, tax, receipt.discount, cash)


def _change(rng: Random, receipt: Receipt) -> Question:
    result = receipt.cash - receipt.total
    steps = [
        f"The total is {receipt.total} and {receipt.cash:.2f} was paid in cash.",
        f"{receipt.cash:.2f} - {receipt.total} = {result:.2f}.",
    ]
    return number_question("How much change does the customer get?", f"{result:.2f}", steps)


def _subtotal(rng: Random, receipt: Receipt) -> Question:
    amounts = [pieces * price for _, pieces, price in receipt.lines]
    steps = [_line(*line) for line in receipt.lines]
    steps.append(f"{' + '.join(map(str, amounts))} = {receipt.subtotal}.")
    return number_question("What do all items cost together, before tax and discount?", str(receipt.subtotal), steps)


def _pieces(rng: Random, receipt: Receipt) -> Question:
    counts = [pieces for _, pieces, _ in receipt.lines]
    named = ", ".join(f"{pieces} {item}" for item, pieces, _ in receipt.lines)
    steps = [f"The receipt lists {named}.", f"{' + '.join(map(str, counts))} = {sum(counts)}."]
    return number_question("How many pieces were bought in all?", str(sum(counts)), steps)


def _dearest(rng: Random, receipt: Receipt) -> Question:
    amounts = {item: pieces * price for item, pieces, price in receipt.lines}
    best = max(amounts, key=lambda item: amounts[item])
    if sum(amount == amounts[best] for amount in amounts.values()) > 1:
        return _pieces(rng, receipt)  # no single answer
    steps = [_line(*line) for line in receipt.lines]
    steps.append(f"The largest amount is {amounts[best]}, for {best}.")
    return text_question("On which item was the most money spent?", best, steps)


def _without(rng: Random, receipt: Receipt) -> Question:
    item, pieces, price = rng.choice(receipt.lines)
    left = receipt.subtotal - pieces * price
    steps = [
        f"The subtotal is {receipt.subtotal}.",
        _line(item, pieces, price),
        f"{receipt.subtotal} - {pieces * price} = {left}.",
    ]
    return number_question(f"What would the subtotal be without {item}?", str(left), steps)


def _discount(rng: Random, receipt: Receipt) -> Question:
    sign = "=" if receipt.subtotal * receipt.discount == 100 * receipt.off else "≈"
    steps = [
        f"The subtotal is {receipt.subtotal} and the discount is {receipt.discount}%.",
        f"{receipt.subtotal} × {receipt.discount} / 100 {sign} {receipt.off}.",
    ]
    return number_question("How much money does the discount save, to the cent?", str(receipt.off), steps)


def _line(item: str, pieces: int, price: Decimal) -> str:
    return f"{item}: {pieces} × {price} = {pieces * price}."


KINDS: dict[str, tuple[frozenset[str], Callable[[Random, Receipt], Question]]] = {
    "change": (frozenset({"change"}), _change),
    "subtotal": (frozenset({"amounts", "subtotal", "off", "duty", "total", "cash", "change"}), _subtotal),
    "pieces": (frozenset(), _pieces),
    "dearest": (frozenset({"amounts"}), _dearest),
    "without": (frozenset(), _without),
    "discount": (frozenset({"off", "duty", "total", "cash", "change"}), _discount),
}
"""Kind of question → what the receipt does not print, and what makes it."""


def _print(rng: Random, domain: Domain, receipt: Receipt, hidden: frozenset[str]) -> tuple[Page, dict[str, object]]:
    name, size = rng.choice(_FACES), domain.font(rng)[1]
    font = load_font(name, size)
    rows = [receipt.shop.center(COLUMNS), _date(rng).center(COLUMNS), "-" * COLUMNS]
    for item, pieces, price in receipt.lines:
        amount = "" if "amounts" in hidden else str(pieces * price)
        rows.append(_justified(f"{pieces} x {item} @ {price}", amount))
    rows.append("-" * COLUMNS)
    sums = (
        ("subtotal", "SUBTOTAL", receipt.subtotal, True),
        ("off", f"DISCOUNT {receipt.discount}%", -receipt.off, receipt.discount > 0),
        ("duty", f"TAX {receipt.tax}%", receipt.duty, receipt.tax > 0),
        ("total", "TOTAL", receipt.total, True),
        ("cash", "CASH", receipt.cash, True),
        ("change", "CHANGE", receipt.cash - receipt.total, True),
    )
    rows += [_justified(title, f"{amount:.2f}") for key, title, amount, shown in sums if shown and key not in hidden]
    if "off" in hidden and receipt.discount:
        rows.append(f"DISCOUNT {receipt.discount}%")
    rows += ["", "THANK YOU".center(COLUMNS)]
    step, margin = line_height(font) + rng.randint(0, 5), rng.randint(10, 40)
    shade = rng.randint(235, 255)
    page = Page(
        round(font.getlength("0") * COLUMNS) + 2 * margin,
        step * len(rows) + 2 * margin,
        (rng.randint(0, 60),) * 3,
        (shade, shade, rng.randint(225, shade)),
    )
    for number, row in enumerate(rows):
        page.text(margin, margin + number * step, row, font)
    return page, {"font": name, "size": size}


def _justified(left: str, right: str) -> str:
    return f"{left}{right.rjust(COLUMNS - len(left))}"


def _date(rng: Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2015, 2026)
    return f"{day:02d}.{month:02d}.{year} {rng.randint(7, 21):02d}:{rng.randrange(60):02d}"
