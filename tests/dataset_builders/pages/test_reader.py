"""An independent reader agrees with the labels: what the labels say is what the pixels show.

RapidOCR (Apache-2.0) brings its models, of PaddleOCR, in its wheel: ``pip install 'fcotvl-hf[reader]'``.
"""

import unicodedata
from statistics import median
from typing import Any

import numpy as np
import pytest

from fcotvl_hf.dataset_builders.ocr_mix.pages import recognition
from fcotvl_hf.eval_harness.metrics.cer import cer

rapidocr = pytest.importorskip("rapidocr", reason="pip install 'fcotvl-hf[reader]'")
pytestmark = pytest.mark.slow

PAGES = 16


def _read(engine: Any, page: np.ndarray) -> str:
    """The text that the engine finds, in the order of reading."""
    found = engine(page)
    if found.txts is None:
        return ""
    step = median(float(np.ptp(box[:, 1])) for box in found.boxes) / 2  # boxes are [4, 2]: corners, (x, y)
    places = [(round(float(box[:, 1].mean()) / step), float(box[:, 0].min())) for box in found.boxes]
    return "".join(text for _, text in sorted(zip(places, found.txts, strict=True)))


def test_a_reader_of_others_reads_the_clean_pages() -> None:
    engine = rapidocr.RapidOCR()
    samples = [sample for sample in map(recognition.sample, range(3 * PAGES)) if sample.meta["clean"]][:PAGES]
    errors = []
    for sample in samples:
        text = _read(engine, np.asarray(sample.image)[..., ::-1])  # BGR
        errors.append(cer(_folded(text), [_folded(sample.answer)]))
    assert len(errors) == PAGES
    assert median(errors) <= 0.05, sorted(errors)


def _folded(text: str) -> str:
    """Without white space, full-width forms as narrow ones: readers differ in these, and none of it is reading."""
    return "".join(unicodedata.normalize("NFKC", text).split())
