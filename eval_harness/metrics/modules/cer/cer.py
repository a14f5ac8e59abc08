"""Character error rate: insertions, deletions and substitutions per character of the reference that is matched best."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.cer import cer


class CER(evaluate.Metric):
    """Mean over rows; lower is better."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"cer": evaluate_info.average(cer, predictions, references)}
