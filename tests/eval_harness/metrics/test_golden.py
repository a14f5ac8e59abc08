"""Every metric gives what the peers' own scorers give, see tests/data/golden/README.md."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fcotvl_hf.eval_harness.metrics.catalogue import METRICS, evaluate_row
from fcotvl_hf.eval_harness.score import score_lines

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
FILES = sorted(GOLDEN.glob("[!_]*.jsonl"))
TOLERANCE = 1e-6

ROWS = {
    "anls": 125,
    "mathvista": 357,
    "mathvista_extract": 236,
    "mathvista_normalize": 83,
    "mcq": 529,
    "mme": 12,
    "mme_parse": 64,
    "ocrbench": 95,
    "ocrbench_v2_aggregate": 5,
    "ocrbench_v2_chart_teds": 40,
    "ocrbench_v2_counting": 56,
    "ocrbench_v2_doc_steds": 32,
    "ocrbench_v2_formula": 43,
    "ocrbench_v2_handwritten_cn": 22,
    "ocrbench_v2_iou": 58,
    "ocrbench_v2_kie_f1": 58,
    "ocrbench_v2_page_ocr": 50,
    "ocrbench_v2_parse": 70,
    "ocrbench_v2_spotting": 45,
    "ocrbench_v2_table_teds": 66,
    "ocrbench_v2_vqa": 102,
    "ocrbench_v2_vqa_position": 35,
    "relaxed_accuracy": 270,
    "vqa_accuracy": 80,
    "vqa_normalize": 198,
}
"""File → rows in it."""

REFUSED = {
    "raises-d0001": "at least one reference",
    "raises-d0007": "invalid literal for int",
    "raises-d0008": "invalid literal for int",
    "raises-d0009": "invalid literal for int",
    "raises-d0010": "neither HTML nor Markdown",
    "raises-d0011": "the reference is no box",
}
"""Rows whose gold answer is broken: they are refused here too."""

CHOSEN = {
    "raises-d0002": {"score": 4 / 9},  # three people instead of ten
    "raises-d0003": {"score": 0.0},
    "raises-d0004": {"score": 1.0},
    "raises-d0005": {"score": 1.0},
    "raises-d0006": {"score": 1.0},  # a text instead of a list of answers, as in English
    "raises-d0012": {"score": 0.0},  # an empty text to spot
    "raises-d0013": {"score": 0.0, "output": "(B"},
}
"""Rows on which the reference only stumbles, and what they score here."""


def _same(told: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return told.keys() == wanted.keys() and all(_same(told[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(told) == len(wanted) and all(map(_same, told, wanted))
    if isinstance(wanted, float) and isinstance(told, float | int):
        return told == wanted or abs(told - wanted) <= TOLERANCE
    return type(told) is type(wanted) and told == wanted


def test_all_files_are_there() -> None:
    assert {file.stem for file in FILES} == ROWS.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_row_is_reproduced(file: Path) -> None:
    lines = file.read_bytes().splitlines()
    told = list(score_lines(lines, file.name))
    rows = [json.loads(line) for line in lines]
    wrong = []
    for row, result in zip(rows, told, strict=True):
        wanted = {key: row[key] for key in ("score", "output") if key in row}
        if not _same(json.loads(json.dumps(result)), wanted):
            wrong.append((row["id"], wanted, result))
    assert not wrong
    assert len(rows) == ROWS[file.stem]


def test_rows_on_which_the_reference_throws() -> None:
    rows = [json.loads(line) for line in (GOLDEN / "_reference_raises.jsonl").read_text().splitlines()]
    for row in rows:
        if row["id"] in REFUSED:
            with pytest.raises(ValueError, match=REFUSED[row["id"]]):
                evaluate_row(row["metric"], row["inputs"])
        else:
            assert evaluate_row(row["metric"], row["inputs"]) == pytest.approx(CHOSEN[row["id"]]), row["id"]


def test_vectors_cover_the_catalogue() -> None:
    """Metrics without peers are tested in files of their own."""
    covered = Counter(json.loads(line)["metric"] for file in FILES for line in file.read_bytes().splitlines())
    own = {"cell_f1", "cer", "exact_match", "ocrbench_v2", "pair_f1", "repetition_rate", "wer"}
    assert set(METRICS) - covered.keys() == own
