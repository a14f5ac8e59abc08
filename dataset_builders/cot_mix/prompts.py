"""How a question asks for a chain of thought, or for the answer alone; the first wording is the one docs use."""

from random import Random

from fcotvl_hf.eval_harness.tasks.prompts import LETTER, SHORT_ANSWER

CHAIN = (
    '{question}\nThink step by step and end with a line "Answer: ...".',
    '{question}\nExplain your reasoning, then give the final answer in a line that begins with "Answer:".',
    'Answer the question with step-by-step reasoning. The last line must be "Answer: ...".\nQuestion: {question}',
)
"""Wordings that a chain answers."""


def ask_for_chain(question: str, rng: Random) -> str:
    """A question in one of the wordings of ``CHAIN``."""
    return rng.choice(CHAIN).format(question=question)


def ask_for_answer(question: str, choice: bool) -> str:
    """A question as the benchmarks ask it; ``choice`` says whether it has options."""
    return (LETTER if choice else SHORT_ANSWER).format(question=question)
