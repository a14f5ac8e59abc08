"""Arithmetic over named values, such as the bars of a chart: the steps name every value that is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from .problem import Question, as_choices, equals, list_question, number_question, plain, rounded, text_question


@dataclass(frozen=True)
class NamedValues:
    """What a picture says.

    Args:
        numbers: name → value, two at least.
        parts_of_whole: they are percentages that add up to 100.
    """

    numbers: Mapping[str, Decimal]
    parts_of_whole: bool = False

    @property
    def names(self) -> list[str]:
        """All names, as they stand in the picture."""
        return list(self.numbers)

    @property
    def ranked(self) -> list[str]:
        """All names, from the largest value to the smallest."""
        return sorted(self.numbers, key=lambda name: self.numbers[name], reverse=True)

    def show(self, number: Decimal) -> str:
        """A value, or a sum of values, with its unit."""
        return plain(number) + ("%" if self.parts_of_whole else "")

    def of(self, name: str) -> str:
        """The value of a name, with its unit."""
        return self.show(self.numbers[name])

    def read(self, names: Sequence[str]) -> str:
        """The first step: what the picture says."""
        return "From the picture: " + ", ".join(f"{name} is {self.of(name)}" for name in names) + "."

    def total(self, names: Sequence[str]) -> Decimal:
        """The sum of some of the values."""
        return sum((self.numbers[name] for name in names), Decimal())

    def added(self, names: Sequence[str]) -> str:
        """The addition of some of the values, worked out."""
        return f"{' + '.join(self.of(name) for name in names)} = {self.show(self.total(names))}"


def ask(rng: Random, values: NamedValues, about: str = "", among: Sequence[str] | None = None) -> Question:
    """A question about named values of a picture.

    Args:
        rng: chooses it.
        values: what the picture says.
        about: a sentence before the question that says which values are meant.
        among: kinds to choose from; all of ``KINDS`` by default.
    """
    unfit = _RANKED if len(set(values.numbers.values())) < len(values.numbers) else frozenset[str]()
    unfit |= _TOTALS if values.parts_of_whole else frozenset()
    able = [kind for kind, (least, _) in KINDS.items() if len(values.numbers) >= least and kind not in unfit]
    kinds = [kind for kind in able if among is None or kind in among]
    question = KINDS[rng.choice(kinds)][1](rng, values)
    return replace(question, text=f"{about} {question.text}") if about else question


def _difference(rng: Random, values: NamedValues) -> Question:
    chosen = rng.sample(values.names, 2)
    high, low = sorted(chosen, key=lambda name: values.numbers[name], reverse=True)
    result = values.numbers[high] - values.numbers[low]
    steps = [values.read([high, low]), f"{values.of(high)} - {values.of(low)} = {values.show(result)}."]
    question = number_question(f"What is the difference between {high} and {low}?", values.show(result), steps)
    slips = [values.total(chosen), result + 1, result + 10, values.numbers[high]]
    return as_choices(rng, question, list(map(values.show, slips))) if rng.random() < 0.25 else question


def _sum(rng: Random, values: NamedValues) -> Question:
    names = rng.sample(values.names, rng.randint(2, min(3, len(values.names))))
    listed = ", ".join(names[:-1]) + f" and {names[-1]}"
    wording = rng.choice(("What is the sum of {}?", "How much are {} together?", "Add up {}."))
    steps = [values.read(names), f"{values.added(names)}."]
    return number_question(wording.format(listed), values.show(values.total(names)), steps)


def _total(rng: Random, values: NamedValues) -> Question:
    steps = [values.read(values.names), f"{values.added(values.names)}."]
    wording = rng.choice(("What is the total of all values?", "What do all values add up to?"))
    return number_question(wording, values.show(values.total(values.names)), steps)


def _average(rng: Random, values: NamedValues) -> Question:
    total, count = values.total(values.names), len(values.names)
    result = rounded(total / count)
    steps = [
        values.read(values.names),
        f"The sum is {values.added(values.names)}.",
        f"There are {count} values, so the average is {plain(total)} / {count} {equals(total / count, result)}.",
    ]
    return number_question("What is the average of all values, rounded to two decimals?", plain(result), steps)


def _range(rng: Random, values: NamedValues) -> Question:
    high, low = values.ranked[0], values.ranked[-1]
    result = values.show(values.numbers[high] - values.numbers[low])
    steps = [
        f"The largest value is {high} with {values.of(high)}, the smallest is {low} with {values.of(low)}.",
        f"{values.of(high)} - {values.of(low)} = {result}.",
    ]
    return number_question("How far apart are the largest and the smallest value?", result, steps)


def _share(rng: Random, values: NamedValues) -> Question:
    name, total = rng.choice(values.names), values.total(values.names)
    exact = 100 * values.numbers[name] / total
    result = rounded(exact, 1)
    steps = [
        values.read(values.names),
        f"The total is {values.added(values.names)}.",
        f"{values.of(name)} / {plain(total)} × 100% {equals(exact, result)}%.",
    ]
    text = f"What percentage of the total is {name}, rounded to one decimal?"
    return number_question(text, f"{plain(result)}%", steps)


def _count(rng: Random, values: NamedValues) -> Question:
    limit = values.numbers[rng.choice(values.names)]
    above = [name for name in values.names if values.numbers[name] > limit]
    found = ", ".join(f"{name} ({values.of(name)})" for name in above) or "none of them"
    steps = [values.read(values.names), f"Greater than {values.show(limit)}: {found}.", f"That makes {len(above)}."]
    return number_question(f"How many values are greater than {values.show(limit)}?", str(len(above)), steps)


def _second(rng: Random, values: NamedValues) -> Question:
    steps = [f"From largest to smallest: {_order_of(values)}.", f"The second in this order is {values.ranked[1]}."]
    return text_question("Which one has the second largest value?", values.ranked[1], steps)


def _order(rng: Random, values: NamedValues) -> Question:
    steps = [values.read(values.names), f"From largest to smallest: {_order_of(values)}."]
    return list_question("List all names from the largest to the smallest value.", values.ranked, steps, ordered=True)


def _order_of(values: NamedValues) -> str:
    return " > ".join(f"{name} ({values.of(name)})" for name in values.ranked)


_RANKED = frozenset({"range", "second", "order"})
"""Kinds with one answer only if no two values are equal."""

_TOTALS = frozenset({"total", "average", "share"})
"""Kinds that say nothing about parts of a whole."""

KINDS: dict[str, tuple[int, Callable[[Random, NamedValues], Question]]] = {
    "difference": (2, _difference),
    "sum": (2, _sum),
    "total": (3, _total),
    "average": (2, _average),
    "range": (3, _range),
    "share": (2, _share),
    "count": (3, _count),
    "second": (3, _second),
    "order": (3, _order),
}
"""Kind of question → how many values it needs at least, and what makes it."""
