"""OCRBench v2: what its vectors do not show."""

from itertools import product
from typing import Any

import pytest

from fcotvl_hf.eval_harness.metrics.ocrbench_v2.aggregate import CATEGORIES, ocrbench_v2_aggregate
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.key_values import key_value_f1
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.pages import page, page_parts
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.task import TASKS, is_left_out, ocrbench_v2
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.trees import Tree, tree_edit_distance

BOX = [0, 0, 10, 10]
ROWS: dict[str, dict[str, Any]] = {
    "APP agent en": {"references": ["a"]},
    "VQA with position en": {"references": ["a"], "bbox": BOX},
    "chart parsing en": {"references": [{"a": {"b": 1}}]},
    "cognition VQA cn": {"references": ["红"], "eval": "multiple choice"},
    "document parsing en": {"references": ["# a\nb"]},
    "formula recognition cn": {"references": ["x"]},
    "formula recognition en": {"references": ["x"]},
    "full-page OCR cn": {"references": ["天气"]},
    "full-page OCR en": {"references": ["one two three four"]},
    "handwritten answer extraction cn": {"references": ["AB"], "question": "?"},
    "key information extraction cn": {"references": ["{'a': ['b']}"]},
    "key information extraction en": {"references": [{"a": ["b"]}]},
    "science QA en": {"references": ["a b c d e"], "eval": "case sensitive"},
    "table parsing cn": {"references": ["<table><tr><td>a</td></tr></table>"]},
    "table parsing en": {"references": ["| a |"], "question": "markdown"},
    "text counting en": {"references": ["7"], "eval": "regression"},
    "text grounding en": {"references": BOX},
    "text spotting en": {"references": [], "bbox": [[0, 0, 10, 0, 10, 10, 0, 10]], "content": ["a"]},
}
ODD = (
    "",
    "\0",
    "\ud800",
    "7" * 5000,
    "(" * 3000,
    "[" * 3000 + "]" * 3000,
    '{"a": ' * 3000,
    "{[]: 1}",
    "```json\n{'a': {1}}\n```",
    "[[1, 2, 3, 4]]",
    "{'answer': None, 'bbox': 1e999}",
    "<table><tr><td colspan='x'>1",
    "<table><tr><td>" * 300,
    "<body><?a b?><table></table>",
    "|\n|\n|",
    "#\n##\n# a\n" * 20,
    "word " * 3000,
    " \n" * 1000,
)


@pytest.mark.parametrize("task", ROWS)
def test_no_reply_breaks_a_scorer(task: str) -> None:
    for prediction in ODD:
        assert 0 <= ocrbench_v2(task, prediction, **ROWS[task]) <= 1


def test_every_task_has_a_scorer_and_a_category() -> None:
    assert sorted(TASKS) == sorted(task for tasks in CATEGORIES.values() for task in tasks)
    assert len(TASKS) == 30


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"type": "poetry en", "references": ["a"]}, "no task 'poetry en'; it has APP agent en"),
        ({"type": "text counting en", "references": ["7"]}, "'eval' is None; it may be 'exact match', 'regression'"),
        ({"type": "math QA en", "references": ["7"], "eval": "by heart"}, "'eval' is 'by heart'; it may be None, "),
        ({"type": "math QA en", "references": ["A", "B"], "eval": "multiple choice"}, "one right option, not 2"),
        ({"type": "formula recognition cn", "references": ["a", "b"]}, "one reference, not 2"),
        ({"type": "formula recognition en", "references": "a"}, "must be a list"),
        ({"type": "full-page OCR en", "references": []}, "needs a reference"),
        ({"type": "VQA with position en", "references": ["7"]}, "needs 'bbox'"),
        ({"type": "key information extraction cn", "references": ["[1]"]}, "the reference is no dict"),
    ],
)
def test_broken_rows_are_told(row: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ocrbench_v2(prediction="7", **row)


def test_many_alternatives_take_no_time() -> None:
    keys = [f"key {number}" for number in range(40)]
    reference = {key: ["a", "b", "c"] for key in keys}  # 3⁴⁰ combinations
    assert key_value_f1(str(dict.fromkeys(keys, "C")), reference) == 1
    assert key_value_f1(str(dict.fromkeys(keys[:10], "b")), reference) == pytest.approx(0.25)


def test_a_value_that_may_be_missing() -> None:
    assert key_value_f1("{'a': '1'}", {"a": ["1"], "b": [None, "2"]}) == 1
    assert key_value_f1("{'a': '1', 'b': 'None'}", {"a": ["1"], "b": [None, "2"]}) == 0.5


def test_overall_scores_weigh_categories_alike() -> None:
    items = [{"type": "full-page OCR en", "score": 1.0}] * 9 + [{"type": "text spotting en", "score": 0.0}]
    told = ocrbench_v2_aggregate(items)
    assert (told["en_overall"], told["cn_overall"]) == (0.5, None)
    assert told["en_categories"] == {"en_text_recognition": 1.0, "en_text_spotting": 0.0}
    with pytest.raises(ValueError, match="no task 'x'"):
        ocrbench_v2_aggregate([{"type": "x", "score": 1}])


def test_only_translations_without_reference_are_left_out() -> None:
    assert is_left_out("text translation cn", "a", [""])
    assert not is_left_out("text translation cn", "", [""])
    assert not is_left_out("text translation cn", "a", ["b"])
    assert not is_left_out("full-page OCR cn", "a", [""])


def test_parts_of_a_page() -> None:
    parts = page_parts("one two three four", "one two three five")
    assert parts["f_measure"] == pytest.approx(0.75)
    assert parts["edit_similarity"] == pytest.approx(1 - 3 / 18)
    assert page("one two three four", "one two three five") == pytest.approx(sum(parts.values()) / 4)
    assert page_parts("auto shop", "car shop")["meteor"] > page_parts("autx shop", "car shop")["meteor"]


def test_tree_edit_distance_counts_operations() -> None:
    def rename(first: str, second: str) -> float:
        return 0.0 if first == second else 0.25

    def tree() -> Tree:
        return Tree("a", [Tree("b", [Tree("c")]), Tree("d")])

    assert [node.label for node in tree()] == ["a", "b", "c", "d"]
    assert tree_edit_distance(tree(), tree(), rename) == 0
    assert tree_edit_distance(tree(), Tree("a", [Tree("c"), Tree("d")]), rename) == 1
    assert tree_edit_distance(tree(), Tree("a", [Tree("b", [Tree("c")]), Tree("e")]), rename) == 0.25
    for shape in product("ab", repeat=3):
        other = Tree("a", [Tree(label) for label in shape])
        assert tree_edit_distance(other, tree(), rename) == tree_edit_distance(tree(), other, rename)
