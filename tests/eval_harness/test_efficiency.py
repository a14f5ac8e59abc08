"""Times land on the part that took them, rounds are fair, and figures follow from what was measured."""

import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from fcotvl_hf.baselines.mean_pooling import mean_pooling
from fcotvl_hf.baselines.sharing import with_compressor, with_tokens
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.eval_harness import efficiency, timing
from fcotvl_hf.eval_harness.efficiency import Contender, Run, Workload, answer, compare, prompt
from fcotvl_hf.eval_harness.peak_memory import PeakMemory
from fcotvl_hf.eval_harness.timing import Seconds, Spans

WORK = Workload(tiles=3, text_tokens=10, new_tokens=4)


def test_one_answer(session_teacher) -> None:
    model, processor = session_teacher
    run = answer(Contender("teacher", model, processor), replace(WORK, batch_size=2))
    assert run.lengths == [3 * 16 + 10] * 2
    assert run.kv_bytes == 2 * (3 * 16 + 10 + 4) * (2 * 2 * 2 * 12) * 4  # prompts, tokens, values of a token, float32
    assert min(span.wall for span in vars(run.spans).values()) > 0
    assert run.spans.prefill == run.spans.vision + run.spans.connector + run.spans.language
    parts = (model.model.vision_tower, model.model.compressor, model.model.multi_modal_projector)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in parts)


class Clock:
    """A clock that stands still unless a module says that it took a while; in place of the module ``time``."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.now / 2

    def slows(self, module: nn.Module, seconds: float) -> RemovableHandle:
        """Let every call of a module take that long."""
        return module.register_forward_pre_hook(lambda *_: setattr(self, "now", self.now + seconds))


def test_time_is_charged_to_the_part_that_takes_it(session_teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, processor = session_teacher
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    compressor = nn.Identity()
    model = with_compressor(teacher, compressor, "none", 1)
    slow = {model.model.vision_tower.encoder: 10, compressor: 20, model.model.language_model.layers[0]: 30}
    hooks = [clock.slows(module, seconds) for module, seconds in slow.items()]
    spans = answer(Contender("slow", model, processor), WORK).spans
    for hook in hooks:
        hook.remove()
    assert spans == Spans(Seconds(10, 5), Seconds(20, 10), Seconds(30, 15), Seconds(4 * 30, 4 * 15))
    assert spans.prefill == Seconds(60, 30)


def test_a_compressor_after_the_projector_is_connector_too(session_teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, processor = session_teacher
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    model = build_student(teacher, "mean", 2, "after_projector")
    clock.slows(model.model.multi_modal_projector, 2)
    clock.slows(model.model.compressor, 3)
    student = Contender("student", model, with_tokens(processor, 8))
    assert answer(student, WORK).spans.connector == Seconds(5, 2.5)


def test_prompt_has_only_the_pictures_placeholders(session_teacher) -> None:
    model, processor = session_teacher
    many = Workload(tiles=2, text_tokens=500, batch_size=2)  # more than the vocabulary
    inputs = prompt(Contender("teacher", model, processor), many)
    assert inputs["input_ids"].shape == inputs["attention_mask"].shape == (2, 500 + 2 * 16)
    assert (inputs["input_ids"] == model.config.image_token_id).sum(dim=1).tolist() == [32, 32]
    assert inputs["input_ids"].max() < model.config.text_config.vocab_size
    assert inputs["pixel_values"].shape == (4, 3, 112, 112)


def test_figures_are_medians_over_fair_rounds(session_teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, processor = session_teacher
    contenders = [Contender("teacher", teacher, processor), Contender("student", *mean_pooling(teacher, processor, 2))]
    rounds = iter([(9, 9), (4, 1), (3, 1), (2, 2), (8, 1)])  # seconds of the language model; the first warms up
    turns: list[str] = []
    now: list[tuple[float, float]] = []

    def measured(contender: Contender, workload: Workload) -> Run:
        if len(turns) % 2 == 0:
            now.append(next(rounds))
        turns.append(contender.name)
        student = contender.name == "student"
        language = Seconds(now[-1][student], 1)
        spans = Spans(Seconds(1, 1), Seconds(0, 0), language, Seconds(2, 2))
        return Run(spans, [58 - 24 * student] * 2, 1000, 10 * len(turns))

    monkeypatch.setattr(efficiency, "answer", measured)
    answered: list[int] = []
    of_teacher, of_student = compare(contenders, WORK, repeats=4, warm_up=1, done=answered.append)
    assert turns == ["teacher", "student", "student", "teacher"] * 2 + ["teacher", "student"]
    assert answered == [1] * 10
    assert len(of_student.runs) == 4
    assert of_student.speedup == (5 / 2 + 4 / 2) / 2  # of 5/2, 4/2, 3/3, 9/2
    assert of_student.language_speedup == 3.5
    assert of_student.speedup_cpu == 1
    assert of_student.prefill_seconds == 2
    assert (of_teacher.speedup, of_teacher.prefill_seconds) == (1, 4.5)
    assert of_student.decode_tokens_per_second == 2
    assert (of_student.visual_tokens, of_student.compression) == (24, 0.5)
    assert of_student.peak_bytes == 65  # of 30, 60, 70, 100
    assert 1 < of_student.speedup_predicted < of_student.language_speedup_predicted


def test_prediction_knows_tokens_that_are_dropped_on_the_way(session_teacher, monkeypatch: Any) -> None:
    model, processor = session_teacher
    span = Seconds(1, 1)
    lengths = iter([[58, 58], [58, 34], [34, 34]])
    monkeypatch.setattr(efficiency, "answer", lambda *_: Run(Spans(span, span, span, span), next(lengths), 1, None))
    contenders = [Contender(name, model, processor) for name in ("all", "half way", "half")]
    everything, halfway, half = compare(contenders, WORK, repeats=1, warm_up=0)
    assert everything.multiply_adds.vision == half.multiply_adds.vision
    assert 2 * halfway.multiply_adds.language == everything.multiply_adds.language + half.multiply_adds.language
    assert halfway.visual_tokens == 36
    assert half.peak_bytes is None


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's peak can only be reset on Linux")
def test_peak_memory_is_that_of_the_block_alone() -> None:
    size = 200_000_000
    with PeakMemory(torch.device("cpu")) as large:
        torch.ones(size // 4)
    with PeakMemory(torch.device("cpu")) as small:
        torch.ones(size // 40)
    assert large.bytes is not None and small.bytes is not None
    assert size * 0.99 < large.bytes < size * 1.1
    assert small.bytes < size * 0.2
