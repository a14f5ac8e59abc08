"""Right answers in other words pass, wrong ones in the right words do not."""

import json
import time

import pytest

from fcotvl_hf.dataset_builders.cot_mix.final_answer import clean_answer, stated_answers
from fcotvl_hf.dataset_builders.cot_mix.verification import Gold, read_gold, split_items, verify, verify_response

COLOURS = {"A": "red", "B": "dark red", "C": "blue", "D": "15 cm"}


def _number(answer: str, tolerance: float = 0.0) -> Gold:
    return Gold("number", (answer,), tolerance=tolerance)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("1200", "1,200"),
        ("1200.0", "1,200"),
        ("x = 12", "12"),
        ("**12 cm**", "12 cm"),
        ("$12$", "12"),
        ("\\$12", "$12"),
        ("12 dollars", "$12"),
        ("0.12 m", "12 cm"),
        ("12", "12 cm"),
        ("12 cm", "12"),
        ("12%", "12 %"),
        ("12 \\%", "12%"),
        ("12", "12%"),
        ("0.12", "12%"),
        ("50%", "0.5"),
        ("3.3333", "3.33"),
        ("0.3333333", "0.33"),
        ("\\frac{3}{4}", "0.75"),
        ("3/4", "0.75"),
        ("1.2 million", "1,200,000"),
        ("-5", "−5"),
        ("20°", "20 degrees"),
        ("25\\text{ cm}", "25 cm"),
        ("five", "5"),
    ],
)
def test_right_numbers(answer: str, gold: str) -> None:
    assert verify(answer, _number(gold))


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("1.2", "1,200"),
        ("12 or 13", "12"),
        ("12, 13", "12"),
        ("not 12", "12"),
        ("12 m", "12 cm"),
        ("12 kg", "12 cm"),
        ("€12", "$12"),
        ("12 %", "12 cm"),
        ("0.12%", "12%"),
        ("1200", "12%"),
        ("0.12", "12"),
        ("5", "-5"),
        ("3.3", "3.33"),
        ("3", "3.33"),
        ("0.54", "0.5"),
        ("12.4", "12"),
        ("3.34", "3.33"),
        ("121", "12"),
        ("1 2", "12"),
        ("12 cm²", "12 cm"),
        ("3/5", "0.75"),
        ("", "12"),
        ("the number on the page", "12"),
        ("nan", "12"),
        ("inf", "12"),
        ("12 million", "12"),
    ],
)
def test_wrong_numbers(answer: str, gold: str) -> None:
    assert not verify(answer, _number(gold))


def test_tolerance_is_a_share_of_the_gold_number() -> None:
    assert verify("104", _number("100", 0.05)) and verify("95", _number("100", 0.05))
    assert not verify("106", _number("100", 0.05)) and not verify("104", _number("100"))


@pytest.mark.parametrize("answer", ["A", "(A)", "A.", "a red one is right: A", "A. red", "red", "Option A", "A: Red"])
def test_right_choices(answer: str) -> None:
    assert verify(answer, Gold("choice", ("A",), COLOURS))


@pytest.mark.parametrize(
    "answer",
    ["C", "A or C", "A. blue", "blue", "dark red", "A dark red one", "none", "E", "A and B", "red or blue", ""],
)
def test_wrong_choices(answer: str) -> None:
    assert not verify(answer, Gold("choice", ("A",), COLOURS))


def test_an_article_is_no_choice() -> None:
    assert not verify("A dog", Gold("choice", ("A",), {"A": "cat", "B": "dog"}))
    assert verify("a dog", Gold("choice", ("B",), {"A": "cat", "B": "dog"}))


@pytest.mark.parametrize(
    "answer", ["Tom, Ann", "Ann and Tom", '["Ann", "Tom"]', "[Ann, Tom]", "- Ann\n- Tom", "tom; ann"]
)
def test_right_lists(answer: str) -> None:
    assert verify(answer, Gold("list", ("Ann", "Tom")))


@pytest.mark.parametrize("answer", ["Ann", "Ann, Tom, Eve", "Ann, Ann", "Ann, Tim", "Ann Tom"])
def test_wrong_lists(answer: str) -> None:
    assert not verify(answer, Gold("list", ("Ann", "Tom")))


def test_order_counts_where_it_is_asked_for() -> None:
    assert not verify("Tom, Ann", Gold("list", ("Ann", "Tom"), ordered=True))
    assert verify("Ann, Tom", Gold("list", ("Ann", "Tom"), ordered=True))


def test_items_keep_their_thousands() -> None:
    assert split_items("1,200, 3 and 4,500") == ["1,200", "3", "4,500"]
    assert verify("3, 1200", Gold("list", ("1,200", "3")))
    assert not verify("1, 200, 3", Gold("list", ("1,200", "3")))


@pytest.mark.parametrize(
    ("answer", "gold"),
    [("2(x+1)", "2x+2"), ("\\frac{1}{2}", "0.5"), ("16\\pi", "\\pi \\cdot 4^2"), ("\\sqrt{8}", "2\\sqrt{2}")],
)
def test_right_expressions(answer: str, gold: str) -> None:
    assert verify(answer, Gold("expression", (gold,)))


@pytest.mark.parametrize(("answer", "gold"), [("2x+1", "2x+2"), ("8\\pi", "16\\pi"), ("", "x"), ("hello", "x^2")])
def test_wrong_expressions(answer: str, gold: str) -> None:
    assert not verify(answer, Gold("expression", (gold,)))


@pytest.mark.parametrize("answer", ["9^{9^{9^{9^{9}}}}", "9^9^9^9", "10^{99999999}", "99999!", "x" * 10_000])
def test_an_expression_that_never_ends_is_wrong(answer: str) -> None:
    started = time.process_time()
    assert not verify(answer, Gold("expression", ("2",)))
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("the Eiffel Tower", "Eiffel tower"),
        ("photosynthesys", "photosynthesis"),
        ("“Paris.”", "Paris"),
        ("two cats", "2 cats"),
    ],
)
def test_right_texts(answer: str, gold: str) -> None:
    assert verify(answer, Gold("text", (gold,)))


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("12 March 2019", "12 March 2018"),
        ("not approved by the board", "approved by the board"),
        ("asymmetrical", "symmetrical"),
        ("unconstitutional", "constitutional"),
        ("Paris or London", "Paris"),
        ("North", "South"),
        ("", "Paris"),
        ("!!!", "Paris"),
    ],
)
def test_wrong_texts(answer: str, gold: str) -> None:
    assert not verify(answer, Gold("text", (gold,)))


@pytest.mark.parametrize(
    ("response", "answers"),
    [
        ("3 + 4 = 7\nAnswer: 7", ["7"]),
        ("**Final answer:** 7 cm.", ["7 cm"]),
        ("So the answer is **7**.", ["7"]),
        ("Thus \\boxed{\\frac{1}{2}}.", ["\\frac{1}{2}"]),
        ("Answer: \\boxed{7}", ["7"]),
        ("<answer>7</answer>", ["7"]),
        ("Answer:\n7", ["7"]),
        ("### Answer: B", ["B"]),
        ("Answer: 7\nWait.\nAnswer: 8", ["7", "8"]),
        ("It is 7.", []),
        ("What is the answer", []),
        ("Answer:", []),
        ("\\boxed{7", []),
        ("", []),
    ],
)
def test_stated_answers(response: str, answers: list[str]) -> None:
    assert stated_answers(response) == answers


def test_a_response_that_contradicts_itself_is_wrong() -> None:
    gold = _number("7")
    assert verify_response("Answer: 7\nThat is,\nAnswer: 7.0", gold) is True
    assert verify_response("Answer: 8\nNo.\nAnswer: 7", gold) is False
    assert verify_response("Seven is what I see: 7", gold) is None


def test_clean_answers_keep_what_they_say() -> None:
    assert clean_answer(" $5 ") == "$5"
    assert clean_answer("90^\\circ") == "90°"
    assert clean_answer("\\(12\\)") == "12"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("12 cm", "number"), ("Paris", "text"), ("['a', 'b']", "list"), ("x^2+1", "expression"), ("12 March", "number")],
)
def test_kinds_are_read_from_bare_answers(answer: str, kind: str) -> None:
    assert read_gold(answer).kind == kind


def test_choices_are_read_by_letter_or_text() -> None:
    assert read_gold("C", COLOURS).answers == read_gold("blue", COLOURS).answers == ("C",)
    with pytest.raises(ValueError, match="the right option 'green' is not among A, B, C, D"):
        read_gold("green", COLOURS)


def test_gold_answers_survive_json() -> None:
    gold = Gold("choice", ("A",), COLOURS)
    assert Gold.from_json(json.loads(json.dumps(gold.to_json()))) == gold


def test_bad_gold_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        read_gold(" ")
    with pytest.raises(ValueError, match="there is no kind of answer 'nmber'"):
        Gold("nmber", ("1",))  # type: ignore[arg-type]
