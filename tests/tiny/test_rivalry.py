"""A rival stands beside a student by what its layers see, and the best comes first."""

from typing import Any

import pytest

from fcotvl_hf.tiny.rivalry import as_cheap, best_rivals, dearer, kept_by_task, shown_rivals, told_apart, trained


def _figures(tokens: float, score: float, over_layers: float | None = None) -> dict[str, Any]:
    tasks = {"tiny-table": {"score": score}, "tiny-chart": {"score": 0.0}}
    return {"tokens_per_image": tokens, "tokens_over_layers": over_layers or tokens, "score": score, "tasks": tasks}


@pytest.fixture
def models() -> dict[str, Any]:
    teacher = {"kind": "teacher", "fresh": _figures(40, 0.8)}
    teacher["fresh"]["tasks"]["tiny-chart"]["score"] = 0.0
    over = dict.fromkeys(("mean, 75 %", "FastV, 75 %", "tiles, 75 %", "fewer, 75 %"), [0, 1])
    student = {"kind": "student", "fresh": _figures(10, 0.6), "over": over}
    rivals = {
        "mean, 75 %": _figures(10, 0.1),
        "FastV, 75 %": _figures(10, 0.5, 25),
        "tiles, 75 %": _figures(10.3, 0.2),
        "fewer, 75 %": _figures(16, 0.7),
    }
    return {"t": teacher, "s": student, **{name: {"kind": "baseline", "fresh": each} for name, each in rivals.items()}}


def test_who_spends_more_is_no_rival_of_the_same_cost(models: dict[str, Any]) -> None:
    assert as_cheap(models, "s") == ["tiles, 75 %", "mean, 75 %"] and best_rivals(models) == ["tiles, 75 %"]
    assert dearer(models, "s") == ["fewer, 75 %", "FastV, 75 %"]
    assert shown_rivals(models, 3) == ["fewer, 75 %", "FastV, 75 %", "tiles, 75 %"]
    assert trained(models) == ["t", "s"]


def test_tasks_without_a_teacher_are_left_out(models: dict[str, Any]) -> None:
    assert kept_by_task(models, ["s"]) == {"s": {"table": pytest.approx(0.75)}}


def test_intervals_tell_apart() -> None:
    bounds = {"a": [0.1, 0.2], "b": [-0.1, 0.2], "c": [-0.2, -0.1], "d": [0.0, 0.1]}
    assert told_apart("dcba", bounds) == {"ahead": ["a"], "level": ["d", "b"], "behind": ["c"]}
