"""ANLS: 1 − edits per character to the nearest right answer; DocVQA, InfographicVQA (https://arxiv.org/abs/1907.00490)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.anls import anls


class ANLS(evaluate.Metric):
    """Mean over rows; a similarity below ``threshold`` counts as 0."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any, threshold: float = 0.5) -> dict[str, float]:
        return {"anls": evaluate_info.average(anls, predictions, references, threshold=threshold)}
