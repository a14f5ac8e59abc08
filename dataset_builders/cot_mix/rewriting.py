"""Tone rewriting (the paper's §3.1.2): a language model puts terse answers into the teacher's conversational style.

The paper uses InternLM2.5-7B. A checker refuses a rewrite that says something else: the gold answer has to be in it, no
number may be new or missing, and no negation may come or go. A refused row keeps its terse answer.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fcotvl_hf.eval_harness.metrics.vqa_normalize import vqa_normalize

from ..asking.ask import Asked, ask
from ..asking.request import Outcome, Reply, Request
from ..parts import Dropped, Row, RowMaker
from ..rows import conversation
from .verification import Gold, negations, read_gold, verify_response

PROMPT = """\
Rewrite the answer to a question about an image in the tone of a helpful assistant: one or two complete sentences that \
take up the question. Keep every fact, name, number and unit exactly as in the answer and add nothing. Reply with the \
rewritten answer only.

Question: {question}
Answer: {answer}"""

LONGEST = 60
"""Most words of a rewrite beside those of the answer."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_REFUSAL = re.compile(r"\b(?:as an ai|i cannot|i can't|i'm sorry|unable to)\b", re.IGNORECASE)


def fault(question: str, answer: str, rewrite: str, gold: Gold) -> str | None:
    """Why a rewrite is refused.

    Args:
        question: what was asked; it may lend its numbers to the rewrite.
        answer: the terse answer.
        rewrite: what the language model made of it.
        gold: the right answer.

    Returns:
        A few words; None if the rewrite says the same.
    """
    if _REFUSAL.search(rewrite):
        return "refused to rewrite"
    if len(rewrite.split()) > len(answer.split()) + LONGEST:
        return "too long"
    if not _says(answer, rewrite):
        return "answer missing"
    if verify_response(rewrite, gold) is False:
        return "another answer"
    stated, allowed = _numbers(rewrite), _numbers(answer) | _numbers(question)
    if not _numbers(answer) <= stated or not stated <= allowed:
        return "other numbers"
    if negations(vqa_normalize(rewrite)) != negations(vqa_normalize(answer)):
        return "negation"
    others = [text for letter, text in gold.choices.items() if letter not in gold.answers]
    if any(_says(text, rewrite) for text in others):
        return "another option"
    return None


@dataclass(frozen=True)
class Rewritten:
    """The ``RowMaker`` that rewrites another one's terse answers; rows with a chain stay as they are.

    Args:
        rows: makes the rows.
        model: who rewrites.
        replies: JSONL file of replies is made in this folder, one per range of indices.
        name: begins the files' names.
    """

    rows: RowMaker
    model: Asked
    replies: Path
    name: str = field(default="rewritten")

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        rows = list(self.rows(indices))
        terse = [row for row in rows if not isinstance(row, Dropped) and _meta(row).get("form") == "direct"]
        requests = [Request(PROMPT.format(question=_meta(row)["question"], answer=_said(row))) for row in terse]
        outcomes = ask(self.model, requests, self.replies / f"{self.name}-{indices.start:09d}.jsonl")
        rewrites = {row["id"]: rewritten(row, outcome) for row, outcome in zip(terse, outcomes, strict=True)}
        for row in rows:
            yield row if isinstance(row, Dropped) else rewrites.get(row["id"], row)


def rewritten(row: Row, outcome: Outcome) -> Row:
    """A row in the new tone, or as it was if the rewrite is refused; ``meta`` says which.

    Args:
        row: with ``question``, ``gold`` and a terse answer.
        outcome: of asking for a rewrite.
    """
    meta, answer = _meta(row), _said(row)
    gold = Gold.from_json(meta["gold"]) if "gold" in meta else read_gold(answer)
    if isinstance(outcome, Reply):
        said = outcome.text.strip().removeprefix("Answer:").strip()
        reason = fault(meta["question"], answer, said, gold) if outcome.finished else "cut off"
    else:
        said, reason = answer, f"no reply ({outcome.reason})"
    if reason:
        return {**row, "meta": json.dumps({**meta, "tone": f"kept: {reason}"}, sort_keys=True)}
    tone = {"tone": "rewritten", "answer": answer, "form": "rewritten"}
    messages = conversation(meta["question"], said)
    return {**row, "messages": messages, "meta": json.dumps({**meta, **tone}, sort_keys=True)}


def _says(answer: str, text: str) -> bool:
    """Whether the words of an answer stand in a text, in their order."""
    folded = " ".join(answer.casefold().rstrip(".").split())
    return bool(re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", " ".join(text.casefold().split())))


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}


def _meta(row: Row) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads(row["meta"])
    return meta


def _said(row: Row) -> str:
    text: str = row["messages"][-1]["content"][0]["text"]
    return text
