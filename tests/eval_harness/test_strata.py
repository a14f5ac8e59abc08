"""Units, groups, standard errors, and the bootstrap within groups."""

import numpy as np
import pytest

from fcotvl_hf.eval_harness.comparison import paired_difference, retention
from fcotvl_hf.eval_harness.samples import Record
from fcotvl_hf.eval_harness.strata import mean, standard_error, strata


def _record(name: str, score: float, group: str = "", unit: str | None = None) -> Record:
    return Record(id=name, prediction="", references=[], score=score, tokens=0, group=group, unit=unit or name, key="")


def test_units_are_joined_and_groups_weigh_alike() -> None:
    records = [
        _record("a", 1, "x", "1"),
        _record("b", 1, "y", "3"),
        _record("c", 0, "x", "1"),
        _record("d", 1, "x", "2"),
        _record("e", 1, "x", "2"),
    ]
    groups = strata(records, min)
    assert {name: scores.tolist() for name, scores in groups.items()} == {"x": [0, 1], "y": [1]}
    assert mean(groups) == pytest.approx((0.5 + 1) / 2)


def test_standard_error_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(0)
    draws = [{"x": rng.normal(0, 2, 50), "y": rng.normal(1, 1, 10)} for _ in range(2000)]
    spread = np.std([mean(groups) for groups in draws])
    told = np.mean([standard_error(groups) for groups in draws])
    assert told == pytest.approx(spread, rel=0.05)
    assert standard_error({"": np.array([1.0])}) == 0


def test_comparisons_use_the_groups() -> None:
    teacher = {"t": {"x": np.ones(8), "y": np.array([0.5])}}
    student = {"t": {"x": np.array([1, 0] * 4, dtype=float), "y": np.array([0.5])}}
    assert retention(student, teacher) == pytest.approx(0.5 / 0.75)
    low, high, difference = paired_difference(student, teacher)
    assert difference == pytest.approx(-0.25)
    assert -0.45 < low < -0.25 < high < -0.05
    with pytest.raises(ValueError, match="t: 9 and 8 samples; compare the same rows"):
        paired_difference(student, {"t": {"x": np.ones(7), "y": np.ones(1)}})
