"""Arithmetic over named values, such as the bars of a chart: the steps name every value that is read."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random

from .problem import Question, as_choices, list_question, number_question, plain, rounded, text_question

Values = Mapping[str, Decimal]


def ask(rng: Random, values: Values, about: str = "") -> Question:
    """A question about named values of a picture.

    Args:
        rng: chooses it.
        values: name → value, two at least.
        about: a sentence before the question that says which values are meant.
    """
    ties = len(set(values.values())) < len(values)
    kinds = [kind for kind, (least, _) in KINDS.items() if len(values) >= least and not (ties and kind in _RANKED)]
    question = KINDS[rng.choice(kinds)][1](rng, values)
    return replace(question, text=f"{about} {question.text}") if about else question


def _pick(rng: Random, values: Values, count: int) -> list[str]:
    return rng.sample(list(values), count)


def _read(values: Values, names: list[str]) -> str:
    """The first step: what the picture says."""
    return "From the picture: " + ", ".join(f"{name} is {plain(values[name])}" for name in names) + "."


def _difference(rng: Random, values: Values) -> Question:
    high, low = sorted(_pick(rng, values, 2), key=lambda name: values[name], reverse=True)
    result = values[high] - values[low]
    steps = [_read(values, [high, low]), f"{plain(values[high])} - {plain(values[low])} = {plain(result)}."]
    question = number_question(f"What is the difference between {high} and {low}?", plain(result), steps)
    slips = [plain(values[high] + values[low]), plain(result + 1), plain(result + 10), plain(values[high])]
    return as_choices(rng, question, slips) if rng.random() < 0.25 else question


def _sum(rng: Random, values: Values) -> Question:
    names = _pick(rng, values, rng.randint(2, min(3, len(values))))
    result = sum((values[name] for name in names), Decimal())
    steps = [_read(values, names), f"{_joined(values, names)} = {plain(result)}."]
    listed = ", ".join(names[:-1]) + f" and {names[-1]}"
    wording = rng.choice(("What is the sum of {}?", "How much are {} together?", "Add up {}."))
    return number_question(wording.format(listed), plain(result), steps)


def _total(rng: Random, values: Values) -> Question:
    result = sum(values.values(), Decimal())
    steps = [_read(values, list(values)), f"{_joined(values, list(values))} = {plain(result)}."]
    return number_question(
        rng.choice(("What is the total of all values?", "What do all add up to?")), plain(result), steps
    )


def _average(rng: Random, values: Values) -> Question:
    total, count = sum(values.values(), Decimal()), len(values)
    result = plain(rounded(total / count))
    steps = [
        _read(values, list(values)),
        f"The sum is {_joined(values, list(values))} = {plain(total)}.",
        f"There are {count} values, so the average is {plain(total)} / {count} = {result}.",
    ]
    return number_question("What is the average of all values, rounded to two decimals?", result, steps)


def _range(rng: Random, values: Values) -> Question:
    high, low = max(values, key=lambda name: values[name]), min(values, key=lambda name: values[name])
    result = values[high] - values[low]
    steps = [
        f"The largest value is {high} with {plain(values[high])}, the smallest is {low} with {plain(values[low])}.",
        f"{plain(values[high])} - {plain(values[low])} = {plain(result)}.",
    ]
    return number_question("How far apart are the largest and the smallest value?", plain(result), steps)


def _share(rng: Random, values: Values) -> Question:
    name, total = rng.choice(list(values)), sum(values.values(), Decimal())
    result = plain(rounded(100 * values[name] / total, 1))
    steps = [
        _read(values, list(values)),
        f"The total is {_joined(values, list(values))} = {plain(total)}.",
        f"{plain(values[name])} / {plain(total)} × 100 = {result}.",
    ]
    text = f"What percentage of the total is {name}, rounded to one decimal?"
    return number_question(text, f"{result}%", steps)


def _count(rng: Random, values: Values) -> Question:
    limit = values[rng.choice(list(values))]
    above = [name for name in values if values[name] > limit]
    found = ", ".join(f"{name} ({plain(values[name])})" for name in above) or "none of them"
    steps = [_read(values, list(values)), f"Greater than {plain(limit)}: {found}.", f"That makes {len(above)}."]
    return number_question(f"How many values are greater than {plain(limit)}?", str(len(above)), steps)


def _second(rng: Random, values: Values) -> Question:
    ranked = _ranked(values)
    order = " > ".join(f"{name} ({plain(values[name])})" for name in ranked)
    steps = [f"From largest to smallest: {order}.", f"The second in this order is {ranked[1]}."]
    return text_question("Which one has the second largest value?", ranked[1], steps)


def _order(rng: Random, values: Values) -> Question:
    ranked = _ranked(values)
    steps = [_read(values, list(values)), "Sorted: " + " > ".join(plain(values[name]) for name in ranked) + "."]
    return list_question("List all names from the largest to the smallest value.", ranked, steps, ordered=True)


def _ranked(values: Values) -> list[str]:
    return sorted(values, key=lambda name: values[name], reverse=True)


def _joined(values: Values, names: list[str]) -> str:
    return " + ".join(plain(values[name]) for name in names)


_RANKED = {"range", "second", "order"}
"""Kinds with one answer only if no two values are equal."""

KINDS: dict[str, tuple[int, Callable[[Random, Values], Question]]] = {
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
