"""A question about a picture whose answer a program computed, with the steps it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from PIL import Image

from fcotvl_hf.eval_harness.metrics.multiple_choice import LETTERS

from ..rows import Sample
from .prompts import ask_for_answer, ask_for_chain
from .verification import Gold, verify_response

MIX = "cot_mix"
DIRECT_SHARE = 0.25
"""Share of the questions answered without a chain: the paper (§3.1.2) mixes chains with vanilla data."""


@dataclass(frozen=True)
class Question:
    """What is asked, the right answer, and how it follows from what the picture shows.

    Args:
        text: the question.
        answer: the right answer as it is stated.
        steps: the reasoning, one line each.
        gold: the right answer as it is verified.
    """

    text: str
    answer: str
    steps: Sequence[str]
    gold: Gold

    @property
    def chain(self) -> str:
        """The whole response: the steps and the answer."""
        return "\n".join([*self.steps, f"Answer: {self.answer}"])


@dataclass(frozen=True)
class Problem:
    """A question about a picture.

    Args:
        task: the configuration it belongs to, e.g. ``"receipt"``.
        image: the picture, RGB.
        question: what is asked.
        meta: seed, font, size … (JSON values only).
    """

    task: str
    image: Image.Image
    question: Question
    meta: dict[str, Any]

    def sample(self) -> Sample:
        """The problem as a conversation, with its reference chain or, now and then, with the bare answer.

        Raises:
            ValueError: the chain does not state the gold answer, so the problem is made wrongly.
        """
        rng = Random(f"form-{self.task}-{self.meta['seed']}")
        direct = rng.random() < DIRECT_SHARE
        return self.told(direct, rng)

    def told(self, direct: bool, rng: Random) -> Sample:
        """The problem as a conversation.

        Args:
            direct: with the bare answer, instead of the chain.
            rng: chooses how a chain is asked for.

        Raises:
            ValueError: see ``sample``.
        """
        question = self.question
        if not verify_response(question.chain, question.gold):
            raise ValueError(f"{self.task} {self.meta['seed']}: {question.chain!r} does not verify")
        asked = (
            ask_for_answer(question.text, bool(question.gold.choices)) if direct else ask_for_chain(question.text, rng)
        )
        said = question.answer if direct else question.chain
        form = {"form": "direct" if direct else "chain", "chain_by": "program"}
        meta = {"language": "en", **self.meta, **form, "question": question.text, "gold": question.gold.to_json()}
        return Sample(self.task, self.image, asked, said, meta, mix=MIX)


def number_question(text: str, answer: str, steps: Sequence[str]) -> Question:
    """A question whose answer is a number, with its unit if it has one."""
    return Question(text, answer, steps, Gold("number", (answer,)))


def text_question(text: str, answer: str, steps: Sequence[str]) -> Question:
    """A question whose answer is a word or a name."""
    return Question(text, answer, steps, Gold("text", (answer,)))


def list_question(text: str, items: Sequence[str], steps: Sequence[str], ordered: bool = False) -> Question:
    """A question whose answer is several names."""
    return Question(text, ", ".join(items), steps, Gold("list", tuple(items), ordered=ordered))


def choice_question(rng: Random, text: str, right: str, wrong: Sequence[str], steps: Sequence[str]) -> Question:
    """A multiple-choice question.

    Args:
        rng: shuffles the options.
        text: the question without its options.
        right: text of the right option.
        wrong: texts of the others.
        steps: the reasoning.
    """
    texts = [right, *wrong]
    rng.shuffle(texts)
    choices = dict(zip(LETTERS, texts, strict=False))
    letter = LETTERS[texts.index(right)]
    options = "\n".join(f"{letter}. {option}" for letter, option in choices.items())
    said = [*steps, f"That is option {letter}."]
    return Question(f"{text}\n{options}", letter, said, Gold("choice", (letter,), choices))


def as_choices(rng: Random, question: Question, wrong: Sequence[str]) -> Question:
    """A number question with options: the wrong ones are slips of the calculation."""
    distinct = [text for text in dict.fromkeys(wrong) if text != question.answer]
    return choice_question(rng, question.text, question.answer, distinct[:3], question.steps)


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Rounded half up, as people do."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def equals(exact: Decimal, shown: Decimal) -> str:
    """``= 2.5``, or ``≈ 3.33`` for what was rounded."""
    return f"{'=' if exact == shown else '≈'} {plain(shown)}"


def plain(value: Decimal) -> str:
    """A number without zeros at its end and without an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
