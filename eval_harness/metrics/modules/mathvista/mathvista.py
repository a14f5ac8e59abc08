"""Accuracy on MathVista without a judge model (https://arxiv.org/abs/2310.02255)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.mathvista import mathvista


class MathVista(evaluate.Metric):
    """Mean over rows; columns are those of the dataset, a reference is its ``answer``."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(
            __doc__,
            references=evaluate_info.TEXT,
            question_type=evaluate_info.TEXT,
            answer_type=evaluate_info.TEXT,
            choices=evaluate_info.TEXTS,
            precision=evaluate_info.NUMBER,
        )

    def _compute(
        self,
        predictions: Any,
        references: Any,
        question_type: Any,
        answer_type: Any,
        choices: Any,
        precision: Any,
        rule: str = "internvl_quick",
    ) -> dict[str, float]:
        def score(*row: Any) -> float:
            return mathvista(*row, rule=rule).score

        columns = (predictions, references, question_type, answer_type, choices, precision)
        return {"accuracy": evaluate_info.average(score, *columns)}
