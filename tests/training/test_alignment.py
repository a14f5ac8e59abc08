"""Teacher and student rows answer the same question."""

import pytest
import torch

from fcotvl_hf.training.alignment import IGNORED, TextInputs, response_rows, teacher_inputs

IMAGE = 9


@pytest.fixture
def text() -> TextInputs:
    """Two images of 1 and 2 placeholders in the first row, none in the second, which is padded."""
    ids = torch.tensor([[1, 9, 2, 9, 9, 3, 4, 5], [1, 6, 7, 8, 0, 0, 0, 0]])
    labels = torch.tensor([[IGNORED] * 5 + [3, 4, 5], [IGNORED, IGNORED, 7, 8] + [IGNORED] * 4])
    return TextInputs(ids, labels, (ids != 0).long())


def test_placeholders_are_repeated_and_nothing_else(text) -> None:
    teacher = teacher_inputs(text, IMAGE, 2)
    expected = [[1, 9, 9, 2, 9, 9, 9, 9, 3, 4, 5], [1, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0]]
    assert teacher.input_ids.tolist() == expected
    assert teacher.attention_mask.tolist() == [[1] * 11, [1] * 4 + [0] * 7]
    assert teacher.labels.tolist() == [[IGNORED] * 8 + [3, 4, 5], [IGNORED] * 2 + [7, 8] + [IGNORED] * 7]


def test_ratio_one_changes_nothing(text) -> None:
    for ours, theirs in zip(teacher_inputs(text, IMAGE, 1)[:3], text[:3], strict=True):
        assert torch.equal(ours, theirs)


def test_rows_of_both_predict_the_same_tokens_in_the_same_order(text) -> None:
    teacher = teacher_inputs(text, IMAGE, 4)
    rows = []
    for inputs in (text, teacher):
        hidden = inputs.input_ids.unsqueeze(-1).float()  # a state that shows which token it stands on
        picked, targets = response_rows(hidden, inputs.labels)
        assert targets.tolist() == [3, 4, 5, 7, 8]
        rows.append(picked.squeeze(-1).tolist())
    assert rows[0] == rows[1] == [9, 3, 4, 6, 7]
