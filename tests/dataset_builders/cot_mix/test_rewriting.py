"""Rewrites that say something else are refused by name, and their rows stay terse."""

import json
from pathlib import Path

import pytest

from fcotvl_hf.dataset_builders.asking.ask import Asked
from fcotvl_hf.dataset_builders.cot_mix.rewriting import Rewritten, fault
from fcotvl_hf.dataset_builders.cot_mix.verification import Gold, read_gold
from fcotvl_hf.dataset_builders.parts import Dropped
from fcotvl_hf.dataset_builders.rows import conversation_row

QUESTION = "How many apples are sold in 2019?"


@pytest.mark.parametrize(
    "rewrite",
    ["There are 12 apples sold in 2019.", "12 apples were sold.", "In 2019, the number of apples sold is **12**."],
)
def test_the_same_in_more_words_passes(rewrite: str) -> None:
    assert fault(QUESTION, "12", rewrite, read_gold("12")) is None


@pytest.mark.parametrize(
    ("rewrite", "reason"),
    [
        ("There are 13 apples sold.", "answer missing"),
        ("There are 120 apples.", "answer missing"),
        ("There are 12 apples and 5 pears.", "other numbers"),
        ("There are not 12 apples.", "negation"),
        ("Of 12 apples, I count them. The answer is 13.", "another answer"),
        ("I'm sorry, I cannot see the image, but 12 may be right.", "refused to rewrite"),
        ("12 " + "very " * 100, "too long"),
        ("", "answer missing"),
    ],
)
def test_anything_else_is_refused_by_name(rewrite: str, reason: str) -> None:
    assert fault(QUESTION, "12", rewrite, read_gold("12")) == reason


def test_options_may_not_change() -> None:
    gold = Gold("choice", ("A",), {"A": "red", "B": "blue"})
    assert fault("Which colour?", "A", "The colour is red, option A.", gold) is None
    assert fault("Which colour?", "A", "The colour is blue, option A.", gold) == "another option"


def _rows(indices: range):
    for index in indices:
        meta = {"form": "direct" if index % 2 else "chain", "question": QUESTION, "gold": read_gold("12").to_json()}
        yield conversation_row(f"r{index}", b"", f"{QUESTION} Short.", "12", "cot_mix/x", "x", meta)
    yield Dropped("something")


def test_terse_rows_are_rewritten_and_chains_stay(scripted, said, tmp_path: Path) -> None:
    replies = iter(["There are 12 apples.", "There are 13 apples."])
    with scripted(lambda prompt, seed, attempt: said(next(replies))) as endpoint:
        maker = Rewritten(_rows, Asked(endpoint.url), tmp_path)
        zero, one, two, dropped = maker(range(3))
        (_, three, _) = maker(range(2, 4))
        assert endpoint.payloads[0]["messages"][0]["content"].endswith(f"Question: {QUESTION}\nAnswer: 12")
    assert zero == next(iter(_rows(range(1)))) and isinstance(dropped, Dropped)
    assert one["messages"][1]["content"][0]["text"] == "There are 12 apples."
    assert one["messages"][0]["content"][1]["text"] == QUESTION
    assert json.loads(one["meta"])["tone"] == "rewritten" and json.loads(one["meta"])["answer"] == "12"
    assert three["messages"][1]["content"][0]["text"] == "12"
    assert json.loads(three["meta"])["tone"] == "kept: answer missing"
