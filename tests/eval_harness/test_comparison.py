"""Retention, paired intervals and the image control, on arrays whose answer is known."""

import numpy as np
import pytest

from fcotvl_hf.eval_harness.comparison import (
    paired_difference,
    retention,
    retention_interval,
    shuffled_images,
)


def test_retention_weighs_tasks_alike() -> None:
    teacher = {"easy": [1.0, 1.0, 1.0, 1.0], "hard": [0.2, 0.2]}
    model = {"easy": [0.5, 0.5, 0.5, 0.5], "hard": [0.2, 0.2]}
    assert retention(model, teacher) == pytest.approx((0.5 + 1) / 2)
    assert retention(teacher, teacher) == 1


def test_a_constant_difference_has_no_width_however_noisy_the_pages_are() -> None:
    noisy = np.random.default_rng(0).random(80)
    interval = paired_difference({"a": noisy, "b": noisy[:30] + 0.1}, {"a": noisy + 0.1, "b": noisy[:30] + 0.4})
    assert interval == pytest.approx((-0.2, -0.2, -0.2))


def test_interval_matches_the_normal_one() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.6, 0.2, 400), rng.normal(0.5, 0.2, 400)
    low, high, mean = paired_difference({"t": a}, {"t": b})
    half = 1.96 * (a - b).std() / 20
    assert mean == pytest.approx((a - b).mean())
    assert low == pytest.approx(mean - half, abs=half * 0.06)
    assert high == pytest.approx(mean + half, abs=half * 0.06)


def test_draws_are_within_tasks() -> None:
    """Two tasks of constant scores have nothing to draw; draws over all rows at once would mix them."""
    a, b = {"x": [1.0] * 5, "y": [0.0] * 20}, {"x": [0.5] * 5, "y": [0.0] * 20}
    assert paired_difference(a, b) == pytest.approx((0.25, 0.25, 0.25))


def test_intervals_follow_the_seed() -> None:
    rng = np.random.default_rng(2)
    a, b = {"t": rng.random(30)}, {"t": rng.random(30)}
    assert paired_difference(a, b, seed=3) == paired_difference(a, b, seed=3) != paired_difference(a, b, seed=4)


def test_retention_interval_skips_draws_without_a_ratio() -> None:
    teacher = {"t": [1.0, 0.0, 0.0]}  # three of ten draws miss the only point
    interval = retention_interval(teacher, teacher)
    assert interval == pytest.approx((1.0, 1.0, 1.0))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="different tasks"):
        retention({"a": [1.0]}, {"b": [1.0]})
    with pytest.raises(ValueError, match="compare the same rows"):
        paired_difference({"a": [1.0]}, {"a": [1.0, 0.0]})
    with pytest.raises(ValueError, match="scores 0"):
        retention({"a": [1.0]}, {"a": [0.0]})


def test_shuffled_images_moves_every_image_within_its_task() -> None:
    rows = [{"id": str(i), "task": "ab"[i % 2], "images": [i], "messages": [f"q{i}"]} for i in range(9)]
    shuffled = shuffled_images(rows, seed=0)
    assert [row["id"] for row in shuffled] == [row["id"] for row in rows]
    assert [row["messages"] for row in shuffled] == [row["messages"] for row in rows]
    assert all(new["images"] != old["images"] for new, old in zip(shuffled, rows, strict=True))
    for task in "ab":
        images = [row["images"][0] for row in shuffled if row["task"] == task]
        assert sorted(images) == [i for i in range(9) if "ab"[i % 2] == task]
    assert [row["images"] for row in rows] == [[i] for i in range(9)]  # the originals are as they were
    assert shuffled != shuffled_images(rows, seed=1)
    with pytest.raises(ValueError, match="one row only"):
        shuffled_images(rows[:1], seed=0)
