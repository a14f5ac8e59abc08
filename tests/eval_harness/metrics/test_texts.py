"""Metrics without a peer, and the checks that all metrics with several right answers share."""

from collections.abc import Callable
from typing import Any

import pytest

from fcotvl_hf.eval_harness.metrics.anls import anls
from fcotvl_hf.eval_harness.metrics.cer import cer, wer
from fcotvl_hf.eval_harness.metrics.exact import exact_match_any
from fcotvl_hf.eval_harness.metrics.mathvista import mathvista
from fcotvl_hf.eval_harness.metrics.mme import mme, mme_parse
from fcotvl_hf.eval_harness.metrics.multiple_choice import mcq
from fcotvl_hf.eval_harness.metrics.ocrbench import ocrbench
from fcotvl_hf.eval_harness.metrics.relaxed_accuracy import relaxed_accuracy
from fcotvl_hf.eval_harness.metrics.repetition import repetition_rate
from fcotvl_hf.eval_harness.metrics.vqa_accuracy import vqa_accuracy


def test_error_rates_take_the_nearest_reference_and_have_no_upper_limit() -> None:
    assert cer("abxd", ["zzzz", "abcd"]) == pytest.approx(0.25)
    assert cer("abcdefgh", ["ab"]) == pytest.approx(3.0)
    assert (cer("", [""]), cer("ab", [""])) == (0, 2)
    assert wer("the quick  brown\nfox", ["the slow brown fox"]) == pytest.approx(0.25)
    assert wer("a b c", ["d"]) == pytest.approx(3.0)


def test_exact_match_of_several() -> None:
    assert exact_match_any("12\n", ["11", " 12"]) == 1
    assert exact_match_any("12.", ["11", "12"]) == 0


@pytest.mark.parametrize("metric", [anls, cer, wer, exact_match_any, relaxed_accuracy, vqa_accuracy])
@pytest.mark.parametrize(("references", "told"), [([], "at least one reference"), ("abc", "not the text 'abc'")])
def test_references_are_a_filled_list(metric: Callable[..., Any], references: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        metric("a", references)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("", 0.0),
        ("one two three", 0.0),
        ("one two three four five six", 0.0),
        ("one two three four one two three four", 0.2),
        ("loop " * 100, 1 - 1 / 97),
        ("| a | b |\n| - | - |\n| 1 | 2 |", 0.0),  # a table repeats its bars, but not four words in a row
        ("天气好吗天气好吗", 0.2),
    ],
)
def test_repetition_rate(text: str, rate: float) -> None:
    assert repetition_rate(text) == pytest.approx(rate)


def test_repetition_of_other_lengths() -> None:
    assert repetition_rate("a a b", n=1) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="at least one word"):
        repetition_rate("a", n=0)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: relaxed_accuracy("1", ["1"], "swapped"), "no convention 'swapped'; choose gold or internvl"),
        (lambda: mcq("A", {"A": "x"}, "A", "gpt"), "no rule 'gpt'; choose one of vlmevalkit, internvl_scienceqa"),
        (lambda: mathvista("1", "1", "free_form", "integer", rule="judge"), "no rule 'judge'; choose internvl_direct"),
        (lambda: mme_parse("yes", "gpt"), "no parser 'gpt'; choose one of internvl, vlmevalkit, lmms-eval"),
        (lambda: ocrbench("a", ["a"], "Poems"), "no category 'Poems'; it has Regular Text Recognition, "),
    ],
)
def test_unknown_rules_are_told_with_the_known_ones(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        call()


def test_mme_pairs_the_questions_of_an_image_and_forgives_missing_categories() -> None:
    row = {"category": "count", "image": "1", "answer": "Yes", "prediction": "yes"}
    total = mme([row, row | {"answer": "No"}, row | {"image": "2"}, row | {"image": "2", "prediction": "Yes!"}])
    assert total.score == 75 + 50
    assert total.output == {"perception": 125, "cognition": 0, "count": 125}
    with pytest.raises(ValueError, match="'1' of count has 1"):
        mme([row])
    with pytest.raises(ValueError, match="no category 'taste'"):
        mme([row | {"category": "taste"}])
