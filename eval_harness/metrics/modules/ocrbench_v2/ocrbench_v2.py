"""OCRBench v2: mean of the categories' means, English and Chinese (https://arxiv.org/abs/2501.00321)."""

import json
from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.aggregate import ocrbench_v2_aggregate
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.task import is_left_out, ocrbench_v2


class OCRBenchV2(evaluate.Metric):
    """Overall scores; a reference is a JSON object of a row's ``type``, ``references`` and what else its task needs."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXT)

    def _compute(self, predictions: Any, references: Any) -> dict[str, Any]:
        rows = [
            {"prediction": text, **json.loads(sample)} for text, sample in zip(predictions, references, strict=True)
        ]
        counted = [row for row in rows if not is_left_out(row["type"], row["prediction"], row["references"])]
        return ocrbench_v2_aggregate({"type": row["type"], "score": ocrbench_v2(**row)} for row in counted)
