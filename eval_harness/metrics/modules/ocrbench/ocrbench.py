"""OCRBench: how many answers contain a right text, out of 1000 (https://arxiv.org/abs/2305.07895)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.ocrbench import ocrbench_total


class OCRBench(evaluate.Metric):
    """Right answers of all rows and of each group; ``category`` is the dataset's ``question_type``."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXTS, category=evaluate_info.TEXT)

    def _compute(self, predictions: Any, references: Any, category: Any) -> dict[str, float]:
        columns = {"prediction": predictions, "references": references, "category": category}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        total = ocrbench_total(rows)
        return {"ocrbench": total.score, **total.output}
