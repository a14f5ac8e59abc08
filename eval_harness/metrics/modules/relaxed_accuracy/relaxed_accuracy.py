"""Relaxed accuracy: numbers may be 5 % off, texts must be equal; ChartQA (https://arxiv.org/abs/2203.10244)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.relaxed_accuracy import relaxed_accuracy


class RelaxedAccuracy(evaluate.Metric):
    """Mean over rows; by ``convention`` the 5 % are of the ``gold`` number or, as in ``internvl``, of the answer."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any, convention: str = "gold") -> dict[str, float]:
        score = evaluate_info.average(relaxed_accuracy, predictions, references, convention=convention)
        return {"relaxed_accuracy": score}
