"""Metric values on cases worked out by hand."""

import warnings

import pytest

from fcotvl_hf.eval_harness.metrics.cells import cell_f1, parse_markdown_table
from fcotvl_hf.eval_harness.metrics.cer import corpus_one_minus_cer, one_minus_cer
from fcotvl_hf.eval_harness.metrics.exact import exact_lines, exact_match
from fcotvl_hf.eval_harness.metrics.pairs import pair_f1, parse_pairs

TABLE = "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("prediction", "reference", "score"),
    [
        ("abcd", "abcd", 1.0),
        ("abxd", "abcd", 0.75),
        ("abc", "abcd", 0.75),
        ("ABCD", "abcd", 0.0),
        ("abcd" * 9, "abcd", 0.0),
        ("", "", 1.0),
        ("a", "", 0.0),
        ("é", "e\u0301", 0.0),
    ],
)
def test_one_minus_cer(prediction: str, reference: str, score: float) -> None:
    assert one_minus_cer(prediction, reference) == pytest.approx(score)


def test_corpus_cer_weighs_by_length_and_is_not_clipped() -> None:
    assert corpus_one_minus_cer(["aaaaaaaaa", "x"], ["aaaaaaaaa", "y"]) == pytest.approx(0.9)
    assert corpus_one_minus_cer(["abcdef"], ["xy"]) == pytest.approx(-2.0)
    with pytest.raises(ValueError, match="empty references"):
        corpus_one_minus_cer(["a"], [""])
    with pytest.raises(ValueError):
        corpus_one_minus_cer(["a", "b"], ["a"])


def test_exact_match_ignores_outer_white_space_only() -> None:
    assert exact_match(" 42\n", "42") == 1
    assert exact_match("4 2", "42") == 0
    assert exact_match("Ab", "ab") == 0


@pytest.mark.parametrize(
    ("prediction", "score"),
    [
        ("one\ntwo\nthree\nfour", 1.0),
        ("one\nthree\nfour", 0.75),  # a lost line costs itself only
        ("zero\none\ntwo\nthree\nfour", 1.0),
        ("four\none\ntwo\nthree", 0.75),
        ("one\ntwo\nthrea\nfour", 0.75),
        ("one two three four", 0.0),
        ("", 0.0),
    ],
)
def test_exact_lines(prediction: str, score: float) -> None:
    assert exact_lines(prediction, "one\ntwo\nthree\nfour") == pytest.approx(score)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (TABLE, [["a", "b"], ["1", "2"]]),
        ("a | b\n:-: | --:\n1 | 2", [["a", "b"], ["1", "2"]]),
        ("Here it is:\n\n| a | b |\n| 1 | 2", [["a", "b"], ["1", "2"]]),
        ("|a|b|\n|-|-|\n|-|-|", [["a", "b"], ["-", "-"]]),  # the second row of dashes is data
        (r"| x \| y |  1   2 |", [["x | y", "1 2"]]),
        ("| a | |\n| --- | --- |\n| |", [["a", ""], [""]]),
        ("no table", []),
        ("", []),
        ("|", [[""]]),
    ],
)
def test_parse_markdown_table(text: str, rows: list[list[str]]) -> None:
    assert parse_markdown_table(text) == rows


@pytest.mark.parametrize(
    ("prediction", "score"),
    [
        (TABLE, 1.0),
        ("a | b\n--- | ---\n1 | 2", 1.0),
        ("| a | b |\n| --- | --- |\n| 1 | 3 |", 2 * 3 / 8),
        ("| a | b |", 2 * 2 / 6),
        (TABLE + "\n| 3 | 4 |", 2 * 4 / 10),  # surplus cells cost
        ("| b | a |\n| --- | --- |\n| 2 | 1 |", 0.0),
        ("no table", 0.0),
    ],
)
def test_cell_f1(prediction: str, score: float) -> None:
    assert cell_f1(prediction, TABLE) == pytest.approx(score)


def test_cell_f1_of_an_empty_reference() -> None:
    assert cell_f1("nothing", "") == 1
    assert cell_f1(TABLE, "") == 0


@pytest.mark.parametrize(
    ("prediction", "score"),
    [
        ('{"a": 1, "b": 2.5}', 1.0),
        (" {'b': 2.5, 'a': 1.0}\n", 1.0),
        ('{"a": 1}', 2 / 3),
        ('{"a": 1, "b": 2}', 0.5),
        ('{"a": 1, "b": 2.5, "c": 3}', 0.8),
        ('{"a": "1", "b": "2.5"}', 0.0),
        ("{}", 0.0),
        ("{'a': 1,", 0.0),
        ("[1, 2]", 0.0),
        ("{[]: 1}", 0.0),
        ("__import__('os').getcwd()", 0.0),
        ("{" * 5000, 0.0),
        ("\0", 0.0),
        ("", 0.0),
    ],
)
def test_pair_f1(prediction: str, score: float) -> None:
    assert pair_f1(prediction, '{"a": 1, "b": 2.5}') == pytest.approx(score)


def test_pairs_of_odd_references_and_escapes() -> None:
    assert pair_f1("{}", "{}") == 1
    assert pair_f1('{"a": 1}', "{}") == 0
    with pytest.raises(ValueError, match="no python dict"):
        pair_f1("{}", "oops")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_pairs(r'{"\d": 1}') == {r"\d": 1}  # no warning about the model's escapes
