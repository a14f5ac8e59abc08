"""The rule of post-training sampling: its direction, its bounds, its exemptions."""

import pytest

from fcotvl_hf.training.loss_sampling import HIGHEST, LOWEST, sampling_probabilities

ROWS = {"easy": 100, "middle": 200, "hard": 100}


def test_equal_losses_give_the_shares() -> None:
    assert sampling_probabilities(dict.fromkeys(ROWS, 0.7), ROWS) == pytest.approx(
        {"easy": 0.25, "middle": 0.5, "hard": 0.25}
    )


def test_probabilities_follow_the_losses_within_the_bounds() -> None:
    drawn = sampling_probabilities({"easy": 0.8, "middle": 1.0, "hard": 1.2}, ROWS)
    assert drawn == pytest.approx({"easy": 0.2, "middle": 0.5, "hard": 0.3})
    assert sum(drawn.values()) == pytest.approx(1)


@pytest.mark.parametrize("losses", [(0.001, 0.01, 50.0), (0.0, 0.0, 1.0)])
def test_bounds_hold_for_any_losses(losses) -> None:
    drawn = sampling_probabilities(dict(zip(ROWS, losses, strict=True)), ROWS)
    for source, count in ROWS.items():
        assert LOWEST - 1e-9 <= drawn[source] / (count / 400) <= HIGHEST + 1e-9
    assert drawn["hard"] == pytest.approx(0.5)
    assert sum(drawn.values()) == pytest.approx(1)


def test_generation_tasks_are_lowered_but_never_raised() -> None:
    losses = {"easy": 0.5, "middle": 1.0, "hard": 3.0}
    drawn = sampling_probabilities(losses, ROWS, generation=["ha*"])
    assert drawn["hard"] == pytest.approx(0.25)
    assert drawn["easy"] < 0.25 < 0.5 < drawn["middle"]
    lowered = sampling_probabilities(losses, ROWS, generation=["easy"])
    assert lowered["easy"] < 0.25
    assert sampling_probabilities(losses, ROWS, generation=["*"]) == pytest.approx(
        {"easy": 0.25, "middle": 0.5, "hard": 0.25}
    )


def test_captions_are_generation_tasks_by_default() -> None:
    rows = {"coco_captions": 100, "chart": 100}
    assert sampling_probabilities({"coco_captions": 4.0, "chart": 1.0}, rows)["coco_captions"] == pytest.approx(0.5)


def test_a_data_set_without_a_loss_keeps_about_its_share() -> None:
    drawn = sampling_probabilities({"easy": 0.8, "hard": 1.2}, ROWS)
    assert drawn == pytest.approx({"easy": 0.2, "middle": 0.5, "hard": 0.3})


def test_noise_of_another_order_of_additions_changes_nothing() -> None:
    losses = {"easy": 0.8, "middle": 1.0, "hard": 1.2}
    noisy = {source: loss + 1e-6 for source, loss in losses.items()}
    assert sampling_probabilities(losses, ROWS) == sampling_probabilities(noisy, ROWS)


def test_without_any_loss_the_shares_stay() -> None:
    assert sampling_probabilities({}, ROWS) == {"easy": 0.25, "middle": 0.5, "hard": 0.25}
    assert sampling_probabilities(dict.fromkeys(ROWS, 0.0), ROWS)["middle"] == pytest.approx(0.5)


@pytest.mark.parametrize("losses", [{"easy": float("nan")}, {"easy": -1.0}])
def test_what_is_no_loss_is_refused(losses) -> None:
    with pytest.raises(ValueError, match="no loss to sample by: easy has"):
        sampling_probabilities(losses, ROWS)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="every data set needs rows"):
        sampling_probabilities({}, {"easy": 0})
