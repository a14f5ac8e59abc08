"""Word error rate: insertions, deletions and substitutions per word of the reference that is matched best."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.cer import wer


class WER(evaluate.Metric):
    """Mean over rows; lower is better."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"wer": evaluate_info.average(wer, predictions, references)}
