"""F1 of the key-value pairs of python dicts."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.pairs import pair_f1


class PairF1(evaluate.Metric):
    """Mean over rows."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXT)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"pair_f1": evaluate_info.average(pair_f1, predictions, references)}
