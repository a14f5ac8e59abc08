"""Rows of several sizes for the runner."""

from typing import Any

import pytest

from fcotvl_hf.dataset_builders.ocr_mix import recognition


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """Twelve recognition rows of one to five tiles."""
    return [recognition.sample(seed).row() for seed in range(12)]
