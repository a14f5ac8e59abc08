"""MME: points for yes or no, perception and cognition (https://arxiv.org/abs/2306.13394)."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.mme import mme


class MME(evaluate.Metric):
    """Points of all rows, of both parts and of each category; two rows share a ``category`` and an ``image``."""

    def _info(self) -> evaluate.MetricInfo:
        text = evaluate_info.TEXT
        return evaluate_info.info(__doc__, references=text, category=text, image=text)

    def _compute(
        self, predictions: Any, references: Any, category: Any, image: Any, parser: str = "internvl"
    ) -> dict[str, float]:
        columns = {"prediction": predictions, "answer": references, "category": category, "image": image}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        total = mme(rows, parser)
        return {"mme": total.score, **total.output}
