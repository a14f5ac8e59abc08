"""A stage runs once for its settings, leaves nothing half-made, and says what it lacks."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fcotvl_hf.results.names import MEASURED, STAGES, STUDIED
from fcotvl_hf.results.plan import Plan
from fcotvl_hf.results.stage import Figures, Pictures, Stage
from fcotvl_hf.results.stages import make_stages
from fcotvl_hf.results.studies import StudyStage, over_trainings, thinned
from fcotvl_hf.tiny.studies import STUDIES
from fcotvl_hf.tiny.weights import weights_of


class Counting(Stage):
    """Counts how often it was measured."""

    name = "counting"
    measured = 0
    fails = False
    lacks: str | None = None

    @property
    def settings(self) -> Figures:
        return {"per_task": self.plan.per_task}

    @property
    def missing(self) -> str | None:
        return self.lacks

    def measure(self) -> Figures:
        if self.fails:
            raise KeyboardInterrupt
        self.measured += 1
        return {"value": self.measured}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        return {"counting.svg": f"<svg>{figures['value']}</svg>"}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    out = tmp_path / "results"
    out.mkdir()
    return Plan(out, tmp_path / "runs", per_task=4)


def test_it_is_measured_once_for_its_settings(plan: Plan) -> None:
    stage = Counting(plan)
    assert stage.run() and stage.run()
    assert stage.measured == 1
    assert json.loads(stage.path.read_text())["value"] == 1
    (plan.out / "counting.svg").unlink()
    stage.run()
    assert (plan.out / "counting.svg").read_text() == "<svg>1</svg>"
    other = Counting(Plan(plan.out, plan.runs, per_task=5))
    other.run()
    assert other.measured == 1
    assert json.loads(stage.path.read_text())["settings"] == {"per_task": 5}


def test_a_stopped_stage_leaves_what_was_there(plan: Plan) -> None:
    stage = Counting(plan)
    stage.fails = True
    with pytest.raises(KeyboardInterrupt):
        stage.run()
    assert not list(plan.out.iterdir())


def test_a_stage_that_cannot_run_here_keeps_its_file(plan: Plan) -> None:
    Counting(plan).run()
    stage = Counting(replace(plan, per_task=5))
    stage.lacks = "there is no run"
    assert stage.run() and stage.measured == 0
    assert json.loads(stage.path.read_text())["settings"] == {"per_task": 4}


def test_what_it_lacks_is_said_and_nothing_is_written(plan: Plan, caplog: pytest.LogCaptureFixture) -> None:
    stage = Counting(plan)
    stage.lacks = "there is no run"
    assert not stage.run()
    assert "counting: skipped, there is no run" in caplog.text
    assert not list(plan.out.iterdir())


def test_every_stage_has_its_name(plan: Plan) -> None:
    assert {stage.name for stage in make_stages(plan)} == set(STAGES)
    assert set(STUDIED) == set(STUDIES) and not set(MEASURED) & set(STUDIED)


def test_settings_are_json_and_tell_budgets_apart(plan: Plan) -> None:
    for stage in make_stages(plan):
        if stage.missing:
            continue
        assert json.loads(json.dumps(stage.settings)) == stage.settings, stage.name


def test_a_merge_without_a_run_says_so(plan: Plan) -> None:
    (merging,) = (stage for stage in make_stages(plan) if stage.name == "merging")
    assert merging.missing is not None and "name a training run with --merge-run" in merging.missing


def test_studies_of_another_budget_are_left_alone(tmp_path: Path, plan: Plan) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    strides = StudyStage(replace(plan, studies=studies), "strides")
    budget = {"distill_steps": 7, "sft_steps": 2, "per_task": 3, "extra": ["--bf16", "false"]}
    told = {"teacher": weights_of(["tiny"])["tiny"], **budget}
    (studies / "settings.json").write_text(json.dumps(told, indent=2) + "\n")
    assert strides.missing is None and strides.settings["distill_steps"] == 7
    assert "lacks students of it" in str(StudyStage(replace(plan, studies=studies, trains=False), "strides").missing)
    (studies / "settings.json").write_text(json.dumps({**told, "teacher": "other"}, indent=2) + "\n")
    assert "holds runs of another teacher or budget" in str(strides.missing)


def test_a_curve_is_thinned_to_means() -> None:
    entries = [{"step": step, "kl": float(step)} for step in range(1, 401)]
    curve = thinned(entries, "kl")
    assert len(curve["step"]) == 40 and curve["step"][-1] == 400
    assert curve["loss"][:2] == [5.5, 15.5]
    assert thinned([], "kl") == {"step": [], "loss": []}


def _record(label: str, pages: list[float]) -> dict[str, Any]:
    score = sum(pages) / len(pages)
    told = {"score": score, "retention": 1, "tokens_per_image": 20, "tasks": {"t": {"score": score}}}
    thought = {"n": len(pages), "score": score, "pages": {"thought": pages}}
    return {"label": label, **told, "losses": [{"step": 1, "loss": score}], "pages": {"t": pages}, "thought": thought}


def test_trainings_are_pooled_page_by_page_and_kept_apart() -> None:
    runs = [
        [_record("teacher", [1.0, 1.0]), _record("a", [0.5, 0.0]), _record("b", [0.25, 0.25])],
        [_record("teacher", [1.0, 1.0]), _record("a", [0.5, 1.0]), _record("b", [0.25, 0.25])],
    ]
    teacher, a, b = over_trainings(runs, "loss")
    assert a["score"] == a["tasks"]["t"] == 0.5 and a["by_seed"] == [0.25, 0.75]
    assert a["losses"] == {"step": [1], "loss": [0.25]}
    assert teacher["difference"] == [0, 0] and not teacher["over"]
    assert a["difference"] == [-0.5, -0.5]  # each page's mean is one half
    assert a["over"] == {"b": [0.25, 0.25]} and b["over"] == {"a": [-0.25, -0.25]}
    assert a["thought"] == {"n": 2, "score": 0.5, "by_seed": [0.25, 0.75], "over": a["over"]}
