"""F1 of the cells of Markdown tables, each at its row and column."""

from typing import Any

import evaluate

from fcotvl_hf.eval_harness.metrics import evaluate_info
from fcotvl_hf.eval_harness.metrics.cells import cell_f1


class CellF1(evaluate.Metric):
    """Mean over rows."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate_info.info(__doc__, references=evaluate_info.TEXT)

    def _compute(self, predictions: Any, references: Any) -> dict[str, float]:
        return {"cell_f1": evaluate_info.average(cell_f1, predictions, references)}
