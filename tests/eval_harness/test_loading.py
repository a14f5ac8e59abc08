"""Rows from Parquet files: where they are looked for, and what is told when they do not fit."""

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
import pytest
from datasets import Dataset, Features, Image, List, Value

from fcotvl_hf.eval_harness import loading
from fcotvl_hf.eval_harness.loading import load_rows, local_files
from fcotvl_hf.eval_harness.rows import references
from fcotvl_hf.eval_harness.tasks import Task, get_task
from fcotvl_hf.io.images import load_image, read_size

DOCVQA = get_task("docvqa")


def _table(*rows: dict[str, Any]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(list(rows))


@pytest.mark.parametrize("place", ["docvqa.parquet", "docvqa/part-0.parquet", "DocVQA/validation/0.parquet"])
def test_files_are_found_in_any_of_these_places(place: str, data_root: Path, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(local_files(DOCVQA, data_root)[0], path)
    assert local_files(DOCVQA, tmp_path) == [path]
    loaded = load_rows(DOCVQA, tmp_path, limit=3)
    assert loaded.count == 3
    assert [row["id"] for row in loaded.rows] == ["0", "1", "2"]


def test_configuration_and_split_choose_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "lmms-lab" / "DocVQA"
    for name in ("DocVQA/validation-00000.parquet", "DocVQA/test-00000.parquet", "InfographicVQA/validation-0.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert local_files(DOCVQA, tmp_path) == [folder / "DocVQA" / "validation-00000.parquet"]
    assert local_files(get_task("infovqa"), tmp_path) == [folder / "InfographicVQA" / "validation-0.parquet"]


def test_images_stay_encoded_until_they_are_asked_about(data_root: Path) -> None:
    (image,) = next(load_rows(DOCVQA, data_root).rows)["images"]
    assert isinstance(image, bytes)
    assert read_size(image) == load_image(image).size == (112, 112)


def test_data_sets_with_image_columns_are_read_too(tmp_path: Path, page: Any) -> None:
    features = Features({"id": Value("string"), "images": List(Image()), "messages": List({"role": Value("string")})})
    row = {"id": "a", "images": [page], "messages": [{"role": "user"}], "meta": "{}"}
    Dataset.from_list([row], features=Features({**features, "meta": Value("string")})).to_parquet(
        str(tmp_path / "tiny-table.parquet")
    )
    (read,) = load_rows(get_task("tiny-table"), tmp_path).rows
    assert load_image(read["images"][0]).tobytes() == page.tobytes()


def test_one_of_several_answers_is_spoken_and_all_count(data_root: Path) -> None:
    row = next(load_rows(DOCVQA, data_root).rows)
    assert references(row) == ["May 9, 2003"]
    assert DOCVQA.target(row) == {"references": ["May 9, 2003", "9 May 2003"]}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            _table({"question": "?", "answers": ["a"]}),
            "lacks questionId, image that docvqa needs; it has question, ans",
        ),
        (_table({"question": "?"}).slice(0, 0), "has no rows for docvqa"),
    ],
)
def test_what_does_not_fit_is_one_line(table: Any, told: str, tmp_path: Path) -> None:
    pyarrow.parquet.write_table(table, tmp_path / "docvqa.parquet")
    with pytest.raises(ValueError, match=told) as raised:
        load_rows(DOCVQA, tmp_path)
    assert "\n" not in str(raised.value)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "docvqa.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ValueError, match="docvqa.parquet is no Parquet file, or a damaged one"):
        load_rows(DOCVQA, tmp_path)


def test_no_files_is_one_line_that_names_the_places(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no Parquet files for docvqa; they may be at .*docvqa.parquet or"):
        load_rows(DOCVQA, tmp_path)
    with pytest.raises(FileNotFoundError, match="on no Hub; give a folder that has them with --data-root"):
        load_rows(get_task("tiny-table"))


def test_a_hub_that_cannot_be_reached_is_one_line() -> None:
    with pytest.raises(OSError, match="docvqa: lmms-lab/DocVQA cannot be loaded .*--data-root") as raised:
        load_rows(DOCVQA)
    assert "\n" not in str(raised.value)


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cached_docvqa(data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What ``load_dataset`` leaves in its cache, which is what is read offline."""
    folder = tmp_path / "lmms-lab___doc_vqa" / "DocVQA" / "0.0.0" / COMMIT
    files = {"validation": str(local_files(DOCVQA, data_root)[0])}
    builder = datasets.load_dataset_builder("parquet", data_files=files, cache_dir=str(tmp_path / "other"))
    builder.download_and_prepare(str(folder))
    (folder / "parquet-validation.arrow").rename(folder / "doc_vqa-validation.arrow")
    info = json.loads((folder / "dataset_info.json").read_text())
    told = {"config_name": "DocVQA", "builder_name": "parquet", "dataset_name": "doc_vqa"}
    (folder / "dataset_info.json").write_text(json.dumps(info | told))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    return folder


@pytest.mark.usefixtures("cached_docvqa")
def test_the_cache_is_read_offline_and_tells_its_commit() -> None:
    loaded = load_rows(DOCVQA, limit=3)
    assert (loaded.revision, loaded.count) == (COMMIT, 3)
    assert [row["id"] for row in loaded.rows] == ["0", "1", "2"]


@pytest.mark.usefixtures("cached_docvqa")
def test_another_commit_in_the_cache_is_refused() -> None:
    def at(revision: str) -> Task:
        return dataclasses.replace(DOCVQA, source=dataclasses.replace(DOCVQA.source, revision=revision))

    assert load_rows(at(COMMIT)).revision == COMMIT
    with pytest.raises(OSError, match=f"the cache holds lmms-lab/DocVQA at {COMMIT}, not at {'f' * 40}"):
        load_rows(at("f" * 40))


def test_the_commit_of_a_stream_is_in_its_address() -> None:
    builder = SimpleNamespace(base_path=f"hf://datasets/lmms-lab/DocVQA@{COMMIT}/data", hash="parquet")
    assert loading._commit(builder) == COMMIT
    assert loading._commit(SimpleNamespace(base_path="", hash=None)) is None
