"""Accuracy of multiple-choice answers, by the rule of a harness that finds the option; AI2D, ScienceQA."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.multiple_choice import LETTERS, mcq


class MultipleChoice(evaluate.Metric):
    """Mean over rows; a reference is the right letter, ``choices`` are the options' texts from A on."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXT, choices=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any, choices: Any, rule: str = "vlmevalkit") -> dict[str, float]:
        def score(prediction: str, answer: str, options: list[str]) -> float:
            result = mcq(prediction, dict(zip(LETTERS, options, strict=False)), answer, rule)
            return result if isinstance(result, float) else result.score

        return {"accuracy": evaluate_info.average(score, predictions, references, choices)}
