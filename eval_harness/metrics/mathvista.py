"""MathVista without a judge: find the answer in a reply by rules, bring it into the gold answer's form, compare.

https://arxiv.org/abs/2310.02255. The benchmark lets GPT-4 find the answer where rules do not; what only a judge could
read is wrong here, so free-form replies are scored too low, of teacher and student alike. Rules: ``internvl_direct``
takes a reply that is a choice or a number, ``internvl_quick`` (InternVL's chain of thought) also what follows
"Answer:", ``vlmevalkit_prefetch`` a number equal to the gold one or the option of a multiple-choice reply.
"""

import re
from collections.abc import Sequence
from typing import Literal

from rapidfuzz.distance import Levenshtein

from .multiple_choice import LETTERS, infer_option
from .scored import Scored

Rule = Literal["internvl_direct", "internvl_quick", "vlmevalkit_prefetch"]

_ANSWER = re.compile(r"answer:\s*(.*)", re.IGNORECASE)
_LETTER = re.compile(r"\(([a-zA-Z])\)")


def mathvista(
    prediction: str,
    answer: str,
    question_type: str,
    answer_type: str,
    choices: Sequence[str] | None = None,
    precision: float | None = None,
    rule: Rule = "internvl_quick",
) -> Scored:
    """Score one reply: 1 or 0.

    Args:
        prediction: what the model wrote.
        answer: the gold answer; of a multiple-choice question the text of the right choice.
        question_type: ``multi_choice`` or ``free_form``.
        answer_type: ``integer``, ``float``, ``list`` or ``text``.
        choices: texts of the choices of a multiple-choice question.
        precision: decimals of a float answer.
        rule: how the answer is found.

    Returns:
        The score, and the answer as it was compared; None if it takes a judge to find one.

    Raises:
        ValueError: there is no such rule.
    """
    if rule == "vlmevalkit_prefetch":
        if question_type == "multi_choice":
            return _prefetch_choice(prediction, answer, choices or ())
        return _prefetch_number(prediction, answer, answer_type)
    extraction = mathvista_extract(prediction, question_type, answer_type, choices, rule)
    if extraction is None:
        return Scored(0.0, None)
    value = mathvista_normalize(extraction, question_type, answer_type, choices, precision)
    return Scored(float(value == answer), value)


def mathvista_extract(
    prediction: str,
    question_type: str,
    answer_type: str,
    choices: Sequence[str] | None = None,
    rule: Rule = "internvl_quick",
) -> str | None:
    """Find the answer in a reply; InternVL's rules.

    Args:
        prediction: what the model wrote.
        question_type: see ``mathvista``.
        answer_type: see ``mathvista``.
        choices: see ``mathvista``.
        rule: ``internvl_direct`` or ``internvl_quick``.

    Returns:
        The answer as written; None if it takes a judge.

    Raises:
        ValueError: there is no such rule.
    """
    if rule not in ("internvl_direct", "internvl_quick"):
        raise ValueError(f"there is no rule {rule!r}; choose internvl_direct, internvl_quick or vlmevalkit_prefetch")
    if not prediction or (question_type == "multi_choice" and prediction in (choices or ())):
        return prediction
    number = _number(prediction, answer_type)
    if number is not None:
        return str(number)
    if rule == "internvl_direct":
        return None
    match = _ANSWER.search(prediction)
    return match[1].strip() if match else prediction


def mathvista_normalize(
    extraction: str,
    question_type: str,
    answer_type: str,
    choices: Sequence[str] | None = None,
    precision: float | None = None,
) -> str | None:
    """Bring an answer into the gold answer's form.

    Args:
        extraction: an answer as written.
        question_type: see ``mathvista``.
        answer_type: see ``mathvista``.
        choices: see ``mathvista``.
        precision: see ``mathvista``.

    Returns:
        A choice (the nearest one if no letter is given, so that nonsense is mapped too), a number as text, or the
        answer itself; None if it is no such number.
    """
    if question_type == "multi_choice":
        return _choice(extraction.strip(), choices or ())
    try:
        if answer_type == "integer":
            return str(int(float(extraction)))
        if answer_type == "float":
            return None if precision is None else str(round(float(extraction), int(precision)))
    except (ValueError, OverflowError):
        return None
    return extraction


def _choice(text: str, choices: Sequence[str]) -> str:
    """The choice of a letter, in parentheses somewhere or alone; else the one with fewest edits."""
    letter = _LETTER.search(text)
    text = letter[1].upper() if letter else text
    if len(text) == 1 and text in LETTERS[: len(choices)]:
        return choices[LETTERS.index(text)]
    return min(choices, key=lambda choice: Levenshtein.distance(text, choice))


def _number(text: str, answer_type: str) -> int | float | None:
    """The number that a text is, of the type that is asked for."""
    try:
        if answer_type == "integer":
            return int(text)
        return float(text) if answer_type == "float" else None
    except ValueError:
        return None


def _prefetch_choice(prediction: str, answer: str, choices: Sequence[str]) -> Scored:
    """The option that VLMEvalKit finds without a judge."""
    letters = dict(zip(LETTERS, choices, strict=False))
    option = infer_option(prediction, letters)
    return Scored(float(option is not None and letters.get(option) == answer), option)


def _prefetch_number(prediction: str, answer: str, answer_type: str) -> Scored:
    """The number that VLMEvalKit takes without a judge: it equals the gold one and is not 0."""
    number = _number(prediction, answer_type)
    if not number or number != _number(answer, answer_type):
        return Scored(0.0, None)
    return Scored(1.0, number)
