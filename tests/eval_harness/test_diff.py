"""Word differences."""

import pytest

from fcotvl_hf.eval_harness.diff import word_diff


def test_a_changed_word_is_deleted_and_inserted() -> None:
    assert word_diff("Total 129 EUR", "Total 128 EUR") == [
        ("equal", "Total "),
        ("delete", "128"),
        ("insert", "129"),
        ("equal", " EUR"),
    ]


def test_words_are_aligned_rather_than_spaces() -> None:
    assert word_diff("two three", "one two") == [("delete", "one "), ("equal", "two"), ("insert", " three")]


@pytest.mark.parametrize(
    ("prediction", "reference"),
    [("a  b\nc d", "a b\nd e"), ("", "all gone"), ("made up", ""), ("same", "same"), ("x " * 300, "x " * 250 + "y")],
)
def test_segments_rebuild_both_texts(prediction: str, reference: str) -> None:
    segments = word_diff(prediction, reference)
    assert "".join(text for op, text in segments if op != "delete") == prediction
    assert "".join(text for op, text in segments if op != "insert") == reference
