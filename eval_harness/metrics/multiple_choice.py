"""Which option of a multiple-choice question an answer means: AI2D, ScienceQA.

Harnesses differ more than models do, so the rule is named: ``vlmevalkit`` looks for a letter standing alone, then for
"answer is X", then for the text of exactly one option; ``internvl_scienceqa`` looks at the first character, then for
an option's text; ``internvl_ai2d`` takes the bare letter only. The ``lmms_`` ones are lmms-eval's. No judge model is
asked: what no rule understands is wrong.
"""

import re
import string
from collections.abc import Callable, Mapping

from .scored import Scored

Choices = Mapping[str, str]
"""Letter → text of an option, in order."""

LETTERS = string.ascii_uppercase
"""What options are called, in order."""

FAILED = "Z"
"""VLMEvalKit's option of an answer that names none."""

_REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
_NO_ANSWER = "Failed to obtain answer via API"
_SEPARATORS = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_ANSWER_IS = re.compile(r"answer\s+is\s+\**([ABCD])", re.IGNORECASE)
_LETTER_STOP = re.compile(r"\s*([A-Z])\.")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_LAST_WORDS = 5


def mcq(prediction: str, choices: Choices, answer: str, rule: str = "vlmevalkit") -> Scored | float:
    """Score one answer: 1 or 0.

    Args:
        prediction: what the model wrote.
        choices: letter → text of an option.
        answer: the right letter.
        rule: a key of ``RULES``.

    Returns:
        The score, with the option that was understood if the rule looks for one.

    Raises:
        ValueError: there is no such rule.
    """
    if rule not in RULES:
        raise ValueError(f"there is no rule {rule!r}; choose one of {', '.join(RULES)}")
    return RULES[rule](prediction, choices, answer)


def infer_option(prediction: str, choices: Choices) -> str | None:
    """VLMEvalKit's rule.

    Returns:
        A letter of ``choices``; ``FAILED`` for a refusal; None if nothing is understood.
    """
    return _infer_letter(prediction, choices) or _infer_text(prediction, choices)


def _infer_letter(prediction: str, choices: Choices) -> str | None:
    """The only letter among the words, if it stands among the last; else the one after "answer is"."""
    if _NO_ANSWER in prediction:
        return None
    if any(refusal in prediction for refusal in _REFUSALS):
        return FAILED
    words = prediction.translate(_SEPARATORS).split()
    named = [letter for letter in choices if letter in words]
    if len(named) == 1 and words.index(named[0]) > len(words) - _LAST_WORDS:
        return named[0]
    if not named and FAILED in words:
        return FAILED
    match = _ANSWER_IS.search(prediction)
    return match[1].upper() if match and match[1].upper() in choices else None


def _infer_text(prediction: str, choices: Choices) -> str | None:
    """The only option whose text is in an answer that is no longer than two times all options."""
    text = prediction.lower()
    if len(text) > 2 * sum(len(choice) for choice in choices.values()):
        return None
    named = [letter for letter, choice in choices.items() if choice.lower() in text]
    return named[0] if len(named) == 1 else None


def _vlmevalkit(prediction: str, choices: Choices, answer: str) -> Scored:
    option = infer_option(prediction, choices) or FAILED
    return Scored(float(option == answer), option)


def _internvl_scienceqa(prediction: str, choices: Choices, answer: str) -> Scored:
    option = _first_character(prediction.strip(), choices)
    return Scored(float(option == answer), option)


def _first_character(text: str, choices: Choices) -> str:
    """The first character if it is a letter of an option; else the first option whose text is in the answer."""
    if len(text) <= 1 or text[0] in choices:
        return text[:1]
    for letter, choice in choices.items():
        if choice in text:
            return letter
    if text[1] == ".":
        return text[0]
    return text[1] if text[0] == "(" and text[2:3] == ")" else text


def _internvl_ai2d(prediction: str, choices: Choices, answer: str) -> float:
    return float(prediction.strip().lower() == answer.strip().lower())


def _lmms_ai2d(prediction: str, choices: Choices, answer: str) -> Scored:
    """The capital before a full stop at the beginning, else the whole answer; punctuation does not count."""
    match = _LETTER_STOP.match(prediction)
    option = match[1] if match else prediction
    return Scored(float(_bare(option) == _bare(answer)), option)


def _lmms_scienceqa(prediction: str, choices: Choices, answer: str) -> float:
    """The letter in any case, or as a capital before a full stop."""
    text = prediction.strip()
    letter = text[0] if text[:1].isupper() and text[1:2] == "." else text
    return float(letter.lower() == answer.strip().lower())


def _bare(text: str) -> str:
    return text.strip().lower().translate(_NO_PUNCTUATION)


RULES: dict[str, Callable[[str, Choices, str], Scored | float]] = {
    "vlmevalkit": _vlmevalkit,
    "internvl_scienceqa": _internvl_scienceqa,
    "internvl_ai2d": _internvl_ai2d,
    "lmms_ai2d": _lmms_ai2d,
    "lmms_scienceqa": _lmms_scienceqa,
}
"""Each from prediction, options and right letter to a score."""
