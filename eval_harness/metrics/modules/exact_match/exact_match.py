"""Exact match: the share of answers that are a right one, white space around them apart."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.exact import exact_match_any


class ExactMatch(evaluate.Metric):
    """Mean over rows."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"exact_match": evaluate_info.average(exact_match_any, predictions, references)}
