"""Rows of several sizes for the runner, and made-up rows of every benchmark as Parquet files."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from fcotvl_hf.dataset_builders.fonts import load_font
from fcotvl_hf.dataset_builders.ocr_mix import recognition
from fcotvl_hf.dataset_builders.rendering import Page
from fcotvl_hf.eval_harness.tasks import get_task

MADE_UP = Path(__file__).parents[1] / "data" / "made_up_rows.json"
"""Rows of each benchmark in the columns that its data set has on the Hub, but the image; no row of any data set."""

_IMAGE_COLUMN = {"mathvista": "decoded_image"}


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """Twelve recognition rows of one to five tiles."""
    return [recognition.sample(seed).row() for seed in range(12)]


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four rows of each benchmark, laid out as downloads from the Hub are."""
    root = tmp_path_factory.mktemp("data")
    for name, rows in json.loads(MADE_UP.read_text()).items():
        source = get_task("ocrbench-v2-en" if name == "ocrbench-v2" else name).source
        folder = root / str(source.dataset) / (source.config or "data")
        folder.mkdir(parents=True, exist_ok=True)
        column = _IMAGE_COLUMN.get(name, "image")
        whole = [{**row, column: {"bytes": _png(number), "path": None}} for number, row in enumerate(rows)]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(whole), folder / f"{source.split}-00000-of-00001.parquet")
    return root


def _png(number: int) -> bytes:
    page = Page(112 + 112 * (number % 2), 112)
    page.text(8, 12, f"Invoice {number}", load_font("Roboto-Regular", 20))
    buffer = io.BytesIO()
    page.image.save(buffer, format="PNG")
    return buffer.getvalue()
