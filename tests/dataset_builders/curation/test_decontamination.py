"""Copies of test pictures and questions are found, other pages of the same kind are not."""

import json
from io import BytesIO
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from fcotvl_hf.dataset_builders.cot_mix.mix import TASKS
from fcotvl_hf.dataset_builders.curation.benchmark_data import BenchmarkData, hash_tasks, open_benchmark_data
from fcotvl_hf.dataset_builders.curation.decontamination import Decontaminated, find_match
from fcotvl_hf.dataset_builders.parts import Dropped
from fcotvl_hf.dataset_builders.rows import conversation_row

LONG = "In which of the three years between 2015 and 2017 did the company sell the most bicycles in Norway?"
TASK_NAMES = ("geometry", "receipt", "table")


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _jpeg(image: Image.Image, quality: int = 60) -> Image.Image:
    buffer = BytesIO()
    image.save(buffer, format="JPEG", quality=quality)
    return Image.open(buffer)


@pytest.fixture(scope="module")
def pages() -> list[Image.Image]:
    return [TASKS[task](seed).image for task in TASK_NAMES for seed in range(6)]


@pytest.fixture(scope="module")
def benchmarks(pages: list[Image.Image], tmp_path_factory: pytest.TempPathFactory) -> BenchmarkData:
    root = tmp_path_factory.mktemp("docvqa")
    questions = [LONG, "What is the name of the shop?", "Total?", *["What is it?"] * 3]
    rows = [
        {
            "questionId": str(number),
            "question": question,
            "answers": [f"answer {number}"],
            "image": {"bytes": _png(page)},
        }
        for number, (question, page) in enumerate(zip(questions, pages, strict=False))
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), root / "docvqa.parquet")
    path = root / "hashes.npz"
    hash_tasks(["docvqa"], root).save(path)
    return open_benchmark_data(path)


def _row(image: Image.Image, asked: str = "?", answer: str = "!", **meta: str):
    return conversation_row("row", image, asked, answer, "s", "t", meta)


def test_copies_of_a_picture_are_found(pages: list[Image.Image], benchmarks: BenchmarkData) -> None:
    for number, page in enumerate(pages[:6]):
        small = page.resize((page.width // 2, page.height // 2))
        for copy in (page, _jpeg(page), small, page.point(lambda value: value * 0.8)):
            match = find_match(_row(copy), benchmarks)
            assert match is not None and (match.like, match.by) == (f"docvqa/{number}", "image")


def test_other_pages_of_the_same_kinds_are_not(pages: list[Image.Image], benchmarks: BenchmarkData) -> None:
    assert not any(find_match(_row(page), benchmarks) for page in pages[6:])


def test_texts_are_found_by_long_runs_or_with_their_answer(benchmarks: BenchmarkData) -> None:
    blank = Image.effect_noise((64, 64), 80).convert("RGB")

    def found(asked: str, answer: str = "no", **meta: str) -> str | None:
        match = find_match(_row(blank, asked, answer, **meta), benchmarks)
        return f"{match.by} {match.like}" if match else None

    assert found(f"Please: {LONG.upper()} Think.") == "text docvqa/0"
    assert found("?", f"{LONG} - they asked") == "text docvqa/0"
    assert found("Other words", question=LONG) == "text docvqa/0"
    assert found(LONG[:40]) is None
    assert found("What is the name of the shop?", "answer 1") == "text docvqa/1"
    assert found("What is the name of the shop?", "I see.\nAnswer: answer 1") == "text docvqa/1"
    assert found("What is the name of the shop?", "answer 7") is None
    assert found("Total?", "answer 2") is None


def test_matches_are_dropped_and_reported(pages: list[Image.Image], benchmarks: BenchmarkData, tmp_path: Path) -> None:
    benchmarks.save(tmp_path / "b.npz")

    def rows(indices: range):
        yield Dropped("before")
        yield _row(pages[0])
        yield _row(pages[8])
        yield _row(pages[9], LONG)

    maker = Decontaminated(rows, tmp_path / "b.npz", tmp_path / "matches", "chart")
    before, image, kept, text = list(maker(range(64, 96)))
    assert before == Dropped("before") and not isinstance(kept, Dropped)
    assert [image, text] == [Dropped("image of docvqa's test data"), Dropped("text of docvqa's test data")]
    lines = (tmp_path / "matches" / "chart-000000064.jsonl").read_text().splitlines()
    assert [json.loads(line)["by"] for line in lines] == ["image", "text"]


def test_a_full_disk_leaves_no_hashes_for_the_next_run(benchmarks: BenchmarkData, tmp_path: Path, full_disk) -> None:
    with full_disk(100), pytest.raises(OSError, match=r"b\.npz could not be written"):
        benchmarks.save(tmp_path / "b.npz")
    assert not list(tmp_path.iterdir())


def test_wording_that_many_test_rows_share_does_not_count(tmp_path: Path) -> None:
    hint = "Please answer the question requiring an integer answer and provide the final value at the end"
    rows = [
        {
            "questionId": str(number),
            "question": f"{hint} {number}",
            "answers": [str(number)],
            "image": {"bytes": _png(page)},
        }
        for number, page in enumerate(Image.effect_noise((32, 32), 90).convert("RGB") for _ in range(5))
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "docvqa.parquet")
    data = hash_tasks(["docvqa"], tmp_path)
    assert data.shared_text(f"{hint} for me", "5") is None
