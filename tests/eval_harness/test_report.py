"""What a report says first, and which of its pages: the sentence above the table, the page that is open."""

import re
from typing import Any

from PIL import Image

from fcotvl_hf.eval_harness.lead import best_students, lead_sentence, spent
from fcotvl_hf.eval_harness.report import Example, answer, render_report


def _row(label: str, kind: str, tokens: float, kept: float | None) -> dict[str, Any]:
    further = {"tasks": {"tiny-a": 0.5}, "score": 0.5, "difference": [-0.1, 0.0]}
    spent = {"tokens_per_image": tokens, "tokens_over_layers": tokens}
    return {"label": label, "kind": kind, **spent, "retention": kept, **further}


ROWS = [
    _row("tiny", "teacher", 42.4, 1.0),
    _row("tiny-75", "student", 10.6, 0.573),
    _row("early", "student", 21.2, 0.4),
    _row("tiny-50", "student", 21.2, 0.829),
    _row("fewer tiles", "baseline", 21.9, 0.692),
    _row("too dear", "baseline", 30.0, 0.99),
    _row("FastV", "baseline", 10.6, 0.274),
]


def test_the_lead_tells_the_best_student_of_each_cost_and_what_no_training_keeps() -> None:
    assert [row["label"] for row in best_students(ROWS)] == ["tiny-50", "tiny-75"]
    assert lead_sentence([*ROWS, _row("of a teacher that scores nothing", "student", 5.3, None)]) == (
        "With 21.2 visual tokens an image instead of 42.4, 82.9% of the teacher's score is kept by tiny-50,"
        " and without training 69.2% at most, by fewer tiles."
        " With 10.6, 57.3% is kept by tiny-75, and without training 27.4% at most, by FastV."
    )


def test_what_layers_see_is_told_where_they_differ() -> None:
    assert spent({"tokens_per_image": 10.6, "tokens_over_layers": 10.6}) == "10.6"
    assert spent({"tokens_per_image": 10.6, "tokens_over_layers": 26.0}) == "10.6 (26.0 over layers)"


def test_a_lead_says_nothing_that_is_not_known() -> None:
    assert lead_sentence([ROWS[0], ROWS[-1]]) == ""
    assert lead_sentence([ROWS[0], _row("again", "student", 42.4, 0.98)]) == (
        "With 42.4 visual tokens an image, 98.0% of the teacher's score is kept by again."
    )


def _example(task: str, **scores: float) -> Example:
    kinds = {row["label"]: row["kind"] for row in ROWS}
    told = [(name.replace("_", "-"), {"prediction": "said", "score": score}) for name, score in scores.items()]
    answers = [answer(name, kinds[name], record, "right") for name, record in told]
    return Example(task, Image.new("RGB", (8, 8)), f"What of {task}?", "right", answers)


def test_the_first_page_on_which_a_student_differs_is_open() -> None:
    examples = [
        _example("a", tiny=0.9, tiny_50=0.87, tiny_75=0.9, early=0.0, FastV=0.0),
        _example("b", tiny=0.9, tiny_50=0.9, tiny_75=0.8, early=0.9, FastV=0.9),
        _example("c", tiny=0.0, tiny_50=1.0, tiny_75=0.0, early=0.0, FastV=0.0),
    ]
    page = render_report("Title", {"made on": "a day"}, ROWS, [], examples, "What came out.")
    assert re.findall(r'<details class="example"([^>]*)>', page) == [
        ' data-task="a"',
        ' data-task="b" data-differs open',
        ' data-task="c" data-differs',
    ]
    lines = [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<summary>(#.*)</summary>", page)]
    assert lines[1] == "#2 b tiny 0.90 · tiny-50 0.90 · tiny-75 0.80"
    assert page.index("What came out.") < page.index("<table") < page.index("made on: a day")
    jumps = re.findall(r'<a[^>]* href="#([^"]+)"', page)
    assert len(jumps) == 4 and all(f'id="{name}"' in page for name in jumps)
    alike = render_report("Title", {}, ROWS, [], examples[:1])
    assert 'class="lead"' not in alike and 'data-task="a" open' in alike
