"""Repetition rate: the share of n-grams that stand in a text before; shows models that loop (seq-rep-n)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.repetition import repetition_rate


class RepetitionRate(evaluate.Metric):
    """Mean over rows; lower is better."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__)

    def _compute(self, predictions: Any, n: int = 4) -> dict[str, float]:
        return {"repetition_rate": evaluate_info.average(repetition_rate, predictions, n=n)}
