"""An exam of questions that take a step of thought about a chart; a model may answer at once or write its steps.

What a response states as its answer is checked by the rules that decide which chains of thought are trained on.
"""

import json
from pathlib import Path

from fcotvl_hf.dataset_builders.cot_mix.small_chart import sample
from fcotvl_hf.dataset_builders.cot_mix.verification import Gold, verify, verify_response
from fcotvl_hf.dataset_builders.ocr_mix.mix import FRESH
from fcotvl_hf.eval_harness.processors import Processors
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.eval_harness.rows import Row, Target, references
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import Task
from fcotvl_hf.eval_harness.tasks.ocr_mix import ocr_mix
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration

_LONGEST = 224
"""Tokens, which are characters; no chain has more than two hundred."""


def _target(row: Row) -> Target:
    meta = json.loads(row["meta"])
    return {"references": references(row), "gold": meta["gold"], "form": meta["form"]}


def _right(prediction: str, target: Target) -> float:
    gold = Gold.from_json(target["gold"])
    return float(verify(prediction, gold) if target["form"] == "direct" else bool(verify_response(prediction, gold)))


THOUGHT = Task(
    name="tiny-thought",
    version=1,
    source=ocr_mix("thought"),
    target=_target,
    max_new_tokens=_LONGEST,
    metric="accuracy",
    sample_score=_right,
    citation="docs/tiny.md",
)


def ask_thought(
    model: FCoTVLForConditionalGeneration,
    processors: Processors,
    count: int,
    *,
    steps: bool,
    out: Path | None = None,
) -> TaskResult:
    """Ask questions that no training saw.

    Args:
        model: see ``evaluate``.
        processors: see ``evaluate``.
        count: how many questions; both forms ask the same ones.
        steps: ask for the steps, instead of for the answer alone.
        out: keeps the answers; those that it holds are not asked again.
    """
    rows = [sample(FRESH + number, direct=not steps).row() for number in range(count)]
    return evaluate(model, processors, rows, THOUGHT, batch_size=64, out=out)
