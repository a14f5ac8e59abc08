"""VQA accuracy: an answer is right when three other people gave it; TextVQA (https://visualqa.org/evaluation.html)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.vqa_accuracy import vqa_accuracy


class VQAAccuracy(evaluate.Metric):
    """Mean over rows; the references of a row are the answers of ten people."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"vqa_accuracy": evaluate_info.average(vqa_accuracy, predictions, references)}
