"""Where the rows of tasks come from that this project draws itself: Parquet files of ``dataset_builders/ocr_mix``."""

from typing import Any

from .task import Columns, Source


def ocr_mix(config: str) -> Source:
    """Rows of one configuration, which are rows already.

    Args:
        config: of the ocr mix, such as ``"table"``.
    """
    return Source(dataset=None, config=config, split="test", columns=("id", "images", "messages", "meta"), row=_row)


def _row(columns: Columns, number: int) -> dict[str, Any]:
    return dict(columns)
