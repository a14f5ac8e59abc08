"""Rules that say whether an answer is right, one per kind of gold answer.

They decide what a model is trained on, so they err on the strict side: a right answer that no rule understands costs
one response, a wrong one that passes is learnt. They are built on the evaluation's normalisers. The paper (§3.1.2)
verifies by rules without saying which; these are ours.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isclose
from typing import Any, Literal

from fcotvl_hf.eval_harness.metrics.anls import anls
from fcotvl_hf.eval_harness.metrics.literal import read_literal
from fcotvl_hf.eval_harness.metrics.multiple_choice import infer_option
from fcotvl_hf.eval_harness.metrics.quantity import PERCENT, Quantity, convert, read_quantity
from fcotvl_hf.eval_harness.metrics.vqa_normalize import vqa_normalize

from .final_answer import clean_answer, stated_answers

Kind = Literal["number", "choice", "list", "expression", "text"]

NEAR_TEXT = 0.9
"""ANLS above which two texts are the same but for a slip of the pen."""
ROUNDING = 0.01
"""Largest share that a rounded number may be off: 0.33 is one third, but 0.5 is not 0.54."""

_SECONDS = 20
"""After which mathematics counts as wrong; generous, since the first expression compiles Math-Verify's patterns."""
_MOST_CHARACTERS = 400
_TOWER = re.compile(r"\^\s*\{?[^\s{}^]*\^|\^\s*\{?\d{4}|\d{4}!|!!")
"""Powers of powers and the like, whose digits would fill the memory before any alarm."""
_ITEM = re.compile(r"\s*;\s*|,\s+(?:and\s+)?|\s+and\s+|,(?!\d{3}\b)|\s*\n\s*")
_BULLET = re.compile(r"^(?:[-•*]|\d+[.)])\s+")
_NEGATIONS = {"not", "no", "never", "none", "without", "n't", "neither"}
_NEGATING = ("un", "in", "im", "ir", "il", "dis", "non", "anti", "a", "de")
_MATHEMATICS = re.compile(r"[\\^√π{}=]|\d\s*/\s*\d|sqrt|\bpi\b")


@dataclass(frozen=True)
class Gold:
    """A right answer and how it is recognised.

    Args:
        kind: the rule.
        answers: all right answers; for a list, its items; for a choice, the right letter.
        choices: letter → text of the options of a multiple-choice question.
        tolerance: share of the number that an answer may be off, beside rounding.
        ordered: whether the order of a list's items counts.

    Raises:
        ValueError: there is no such kind, no answer, or a choice without its option.
    """

    kind: Kind
    answers: tuple[str, ...]
    choices: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 0.0
    ordered: bool = False

    def __post_init__(self) -> None:
        if self.kind not in RULES:
            raise ValueError(f"there is no kind of answer {self.kind!r}; choose one of {', '.join(RULES)}")
        if not self.answers:
            raise ValueError("a gold answer must not be empty")
        if self.kind == "choice" and not set(self.answers) <= set(self.choices):
            raise ValueError(
                f"the right option {self.answers[0]!r} is not among {', '.join(self.choices) or 'no options'}"
            )

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values, which ``from_json`` reads."""
        return {**asdict(self), "answers": list(self.answers), "choices": dict(self.choices)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Gold":
        """What ``to_json`` gave."""
        return cls(**{**fields, "answers": tuple(fields["answers"])})


def read_gold(answer: str | Sequence[str], choices: Mapping[str, str] | None = None) -> Gold:
    """The gold answer of a data set that only gives a text.

    Args:
        answer: the text, or all right texts; of a multiple-choice question the letter or the text of an option.
        choices: letter → text of its options.

    Raises:
        ValueError: the answer is empty or not one of the options.
    """
    answers = (answer,) if isinstance(answer, str) else tuple(answer)
    if choices:
        letters = [letter for letter, text in choices.items() if {letter, text} & set(answers)]
        return Gold("choice", tuple(letters) or answers, choices)
    first = answers[0].strip() if answers else ""
    if not first:
        raise ValueError("a gold answer must not be empty")
    if all(read_quantity(text) for text in answers):
        return Gold("number", answers)
    if first.startswith("[") and first.endswith("]"):
        return Gold("list", tuple(split_items(first)))
    return Gold("expression" if _MATHEMATICS.search(first) else "text", answers)


def verify(answer: str, gold: Gold) -> bool:
    """Whether an answer is right.

    Args:
        answer: a final answer, not a whole response.
        gold: what it is compared with.

    Raises:
        OSError: the kind of answer needs a package that is not installed.
    """
    answer = clean_answer(answer)
    return bool(answer) and RULES[gold.kind](answer, gold)


def verify_response(response: str, gold: Gold) -> bool | None:
    """Whether every answer that a response states is right.

    Returns:
        None if it states none.
    """
    answers = stated_answers(response)
    return all(verify(answer, gold) for answer in answers) if answers else None


def split_items(text: str) -> list[str]:
    """The items of a list as people and models write it: Python or JSON, commas, semicolons, "and", lines."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        try:
            return [str(item) for item in read_literal(text)]
        except ValueError:
            text = text[1:-1]
    items = (_BULLET.sub("", item.strip()) for item in _ITEM.split(text))
    return [item.strip("\"'") for item in items if item]


def _number(answer: str, gold: Gold) -> bool:
    stated = read_quantity(answer.rpartition("=")[2])
    if stated is None:
        return bool(_MATHEMATICS.search(answer)) and _expression(answer, gold)
    return any(_same_number(stated, right, gold.tolerance) for text in gold.answers if (right := read_quantity(text)))


def _same_number(stated: Quantity, right: Quantity, tolerance: float) -> bool:
    value = convert(stated, right.unit)
    if value is not None and _near(value, right.value, tolerance, right.decimals):
        return True
    percent = PERCENT in (stated.unit, right.unit) and "" in (stated.unit, right.unit)
    if not percent:
        return False
    scale = 100.0 if right.unit == PERCENT else 0.01  # 0.12 is 12 %
    decimals = right.decimals if right.unit == PERCENT else 0
    return _near(stated.value * scale, right.value, tolerance, decimals)


def _near(value: float, right: float, tolerance: float, decimals: int) -> bool:
    """Equal, within the tolerance, or with more decimals that round to the right ones."""
    error = abs(value - right)
    if isclose(value, right, rel_tol=1e-9, abs_tol=1e-12) or error <= tolerance * abs(right):
        return True
    half = 0.5 * 10**-decimals
    return decimals > 0 and error <= half * (1 + 1e-9) and error <= ROUNDING * max(abs(value), abs(right)) * (1 + 1e-9)


def _choice(answer: str, gold: Gold) -> bool:
    """The option is right, and no other option's text stands beside its letter."""
    if infer_option(answer, gold.choices) not in gold.answers:
        return False
    words = vqa_normalize(answer)
    named = {
        letter for letter, text in gold.choices.items() if vqa_normalize(text) and _within(vqa_normalize(text), words)
    }
    longest = {letter for letter in named if not _part_of_another(letter, named, gold.choices)}
    return not longest or bool(longest & set(gold.answers))


def _within(words: str, text: str) -> bool:
    return f" {words} " in f" {text} "


def _part_of_another(letter: str, named: set[str], choices: Mapping[str, str]) -> bool:
    """Whether an option's text was only found inside a longer option's ("red" in "dark red")."""
    own = vqa_normalize(choices[letter])
    others = (vqa_normalize(choices[other]) for other in named if other != letter)
    return any(own != other and _within(own, other) for other in others)


def _list(answer: str, gold: Gold) -> bool:
    """The same items, each by the rule that fits it, none left out and none twice."""
    items = split_items(answer)
    if len(items) != len(gold.answers):
        return False
    golds = [read_gold(text) for text in gold.answers]
    if gold.ordered:
        return all(verify(item, right) for item, right in zip(items, golds, strict=True))
    for right in golds:
        match = next((item for item in items if verify(item, right)), None)
        if match is None:
            return False
        items.remove(match)
    return True


def _expression(answer: str, gold: Gold) -> bool:
    """Equal mathematics. Math-Verify stops itself by an alarm, so this runs in a main thread only."""
    try:
        import math_verify
    except ModuleNotFoundError as error:
        raise OSError("expressions need math-verify; install it with pip install 'fcotvl-hf[data]'") from error
    if len(answer) > _MOST_CHARACTERS or _TOWER.search(answer):
        return False
    stated = math_verify.parse(f"${answer}$", parsing_timeout=_SECONDS)
    rights = (math_verify.parse(f"${text.strip('$')}$", parsing_timeout=_SECONDS) for text in gold.answers)
    return bool(stated) and any(math_verify.verify(right, stated, timeout_seconds=_SECONDS) for right in rights)


def _text(answer: str, gold: Gold) -> bool:
    if answer.casefold() in (text.strip().casefold() for text in gold.answers):  # articles may be names, such as A
        return True
    return any(_same_text(vqa_normalize(answer), vqa_normalize(text)) for text in gold.answers)


def _same_text(answer: str, right: str) -> bool:
    """Equal words, or a slip in a letter; never another digit and never a negation more or less."""
    if answer == right:
        return bool(right)
    if re.findall(r"\d+", answer) != re.findall(r"\d+", right) or negations(answer) != negations(right):
        return False
    words = answer.split(), right.split()
    negated = any(
        one != other and (one.removesuffix(other) in _NEGATING or other.removesuffix(one) in _NEGATING)
        for one, other in zip(*words, strict=False)
    )
    return not negated and len(words[0]) == len(words[1]) and anls(answer, [right]) > NEAR_TEXT


def negations(text: str) -> int:
    """How many words of a text, as ``vqa_normalize`` leaves it, negate it."""
    return sum(word in _NEGATIONS or word.endswith("n't") for word in text.split())


RULES: dict[str, Callable[[str, Gold], bool]] = {
    "number": _number,
    "choice": _choice,
    "list": _list,
    "expression": _expression,
    "text": _text,
}
"""Kind of answer → whether an answer, cleaned of markup, is the gold one."""
