"""Rejection sampling (the paper's §3.1.2): draw several chains from a stronger model, keep those whose answer is right.

Of a question's draws, those are kept that ended by themselves, state an answer, state the gold one only, and say it in
other words than those kept before, up to a cap per question. The others are counted by what was wrong with them; the
card shows the counts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rapidfuzz import fuzz

from ..asking.ask import Asked, ask
from ..asking.request import Failure, Outcome, Request
from ..parts import Dropped, Row
from ..rows import conversation_row
from .problem import MIX
from .prompts import ask_for_chain
from .questions import AskedQuestion, Questions
from .verification import Gold, verify_response

CUT_OFF = "cut off at the limit of tokens"
NO_ANSWER = "no final answer"
WRONG = "wrong answer"
DUPLICATE = "said before"
ABOVE_CAP = "above the cap per question"


@dataclass(frozen=True)
class Sifting:
    """What is drawn and kept.

    Args:
        draws: chains drawn per question.
        keep: most chains kept per question.
        alike: similarity in per cent (RapidFuzz's ratio) from which a chain repeats another one.
        fewest_words: shortest chain; fewer words before the answer show no reasoning.
    """

    draws: int = 4
    keep: int = 2
    alike: float = 90.0
    fewest_words: int = 5


def sift(outcomes: Sequence[Outcome], gold: Gold, sifting: Sifting) -> tuple[list[str], Counter[str]]:
    """Keep a question's verified chains.

    Args:
        outcomes: its draws, in order.
        gold: the right answer.
        sifting: what to keep.

    Returns:
        The chains kept, and how many of the others were dropped for which reason.
    """
    kept: list[str] = []
    dropped: Counter[str] = Counter()
    for outcome in outcomes:
        reason = _fault(outcome, gold, kept, sifting)
        if reason:
            dropped[reason] += 1
        elif not isinstance(outcome, Failure):
            kept.append(outcome.text.strip())
    return kept, dropped


def _fault(outcome: Outcome, gold: Gold, kept: Sequence[str], sifting: Sifting) -> str | None:
    """Why a draw is not kept."""
    if isinstance(outcome, Failure):
        return f"no reply ({outcome.reason})"
    if not outcome.finished:
        return CUT_OFF
    right = verify_response(outcome.text, gold)
    if right is None or len(outcome.text.split()) < sifting.fewest_words:
        return NO_ANSWER if right is None else "no reasoning"
    if not right:
        return WRONG
    if any(fuzz.ratio(outcome.text.strip(), text) >= sifting.alike for text in kept):
        return DUPLICATE
    return ABOVE_CAP if len(kept) >= sifting.keep else None


@dataclass(frozen=True)
class Sampled:
    """The ``RowMaker`` of verified chains.

    Args:
        questions: what is asked.
        model: who is asked.
        sifting: what is kept.
        replies: folder for the files of replies, one per range of indices.
    """

    questions: Questions
    model: Asked
    sifting: Sifting
    replies: Path

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        asked: list[AskedQuestion] = []
        for index in indices:
            try:
                asked.append(self.questions[index])
            except ValueError:
                yield Dropped("unusable question")
        draws = self.sifting.draws
        requests = [Request(_prompt(each), each.image, draw) for each in asked for draw in range(draws)]
        outcomes = ask(self.model, requests, self.replies / f"sampled-{indices.start:09d}.jsonl")
        for number, each in enumerate(asked):
            kept, dropped = sift(outcomes[number * draws : (number + 1) * draws], each.gold, self.sifting)
            yield from (self._row(each, number, chain, len(kept)) for number, chain in enumerate(kept))
            yield from (Dropped(reason) for reason, count in dropped.items() for _ in range(count))

    def _row(self, asked: AskedQuestion, number: int, chain: str, kept: int) -> Row:
        meta = {
            **asked.meta,
            "form": "chain",
            "chain_by": self.model.label(),
            "question": asked.question,
            "gold": asked.gold.to_json(),
            "draws": self.sifting.draws,
            "kept": kept,
        }
        source = f"{MIX}/sampled/{asked.source.removeprefix(f'{MIX}/')}"
        return conversation_row(
            f"{asked.id}-draw{number}", asked.image, _prompt(asked), chain, source, asked.task, meta
        )


def _prompt(asked: AskedQuestion) -> str:
    return ask_for_chain(asked.question, Random(f"prompt-{asked.id}"))
