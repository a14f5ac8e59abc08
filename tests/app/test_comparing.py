"""The comparison: everybody in turn, agreement, what falls back, and its two files."""

import json
from collections.abc import Callable

import pytest

from fcotvl_hf.app.agreement import aligned
from fcotvl_hf.app.comparing import Asked, answer, compare
from fcotvl_hf.app.downloads import as_json, as_markdown
from fcotvl_hf.app.family import Family

Ask = Callable[..., Asked]


def test_everybody_reads_in_turn(family: Family, ask: Ask) -> None:
    states = list(compare(family, ask()))
    assert list(states[-1].readings) == ["teacher", "student-2", "student-4"]
    assert list(states[-1].losses) == ["student-2", "student-4"]
    assert [state.finished for state in states] == [False] * (len(states) - 1) + [True]
    assert all(not state.losses for state in states[:-1])
    for state in states:  # one is reading at most
        assert sum(not reading.finished for reading in state.readings.values()) <= 1


def test_students_may_be_left_out(family: Family, ask: Ask) -> None:
    *_, last = compare(family, ask(students=("student-4",)))
    assert list(last.models) == ["teacher", "student-4"]
    *_, alone = compare(family, ask(students=()))
    assert list(alone.readings) == ["teacher"] and not alone.losses


def test_an_unsure_student_falls_back(family: Family, ask: Ask) -> None:
    *_, never = compare(family, ask(threshold=0.0))
    *_, always = compare(family, ask(threshold=1.0))
    assert not any(map(never.falls_back, never.models))
    assert [always.falls_back(name) for name in always.models] == [False, True, True]
    told = as_json(always)["models"]
    assert told[1]["falls_back"] and told[1]["answer"] == told[0]["answer"]
    assert told[1]["own_answer"] == always.readings["student-2"].text


def test_one_models_answer_asks_the_reference_only_if_it_must(family: Family, ask: Ask) -> None:
    student = family.students[0]
    sure = answer(family, student, ask(threshold=0.0))
    assert list(sure.readings) == ["student-2"]
    assert as_json(sure)["models"][0]["agreement"] is None
    unsure = answer(family, student, ask(threshold=1.0))
    assert list(unsure.readings) == ["student-2", "teacher"]
    assert as_json(unsure)["models"][0]["answer"] == unsure.readings["teacher"].text
    assert list(answer(family, family.reference, ask(threshold=1.0)).readings) == ["teacher"]


@pytest.mark.parametrize(
    ("said", "reference", "share"),
    [
        ("a b c", "a b c", 1.0),
        ("", "", 1.0),
        ("x y", "a b", 0.0),
        ("a b", "a c", 0.5),
        ("", "a", 0.0),
        ("a b", "a", 2 / 3),
    ],
)
def test_agreement_counts_words_of_both(said: str, reference: str, share: float) -> None:
    assert aligned(said, reference)[1] == pytest.approx(share)


def test_files_tell_what_was_found(family: Family, ask: Ask) -> None:
    *_, last = compare(family, ask())
    found = json.loads(json.dumps(as_json(last), allow_nan=False))
    assert (found["reference"], found["question"], found["page"]) == (
        "teacher",
        "Read the text.",
        {"width": 224, "height": 112},
    )
    teacher, student = found["models"][:2]
    assert teacher["agreement"] == 1.0 and teacher["divergences"] is None
    assert len(student["divergences"]) == len(teacher["tokens"]) == 8
    assert "".join(token["text"] for token in student["tokens"]) == student["own_answer"]
    markdown = as_markdown(last)
    assert "| teacher | 48 | 100% |" in markdown and "## student-4" in markdown
