"""The file of predictions after a kill at any byte, and when it is another evaluation's."""

import json
from pathlib import Path

import pytest

from fcotvl_hf.eval_harness.samples import Record, append_records, reusable_records, stored_records


def test_a_file_cut_at_any_byte_keeps_its_whole_lines(tmp_path: Path) -> None:
    records = [
        Record(
            id=name,
            prediction="né\n→ 7",
            references=["né"],
            score=0.5,
            tokens=16,
            group="",
            unit=name,
            key=f"m-s-{name}",
        )
        for name in "ab"
    ]
    path = tmp_path / "samples-a.jsonl"
    append_records(path, records)
    whole = path.read_bytes()
    assert list(stored_records(path, "m-s").values()) == records
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert stored_records(path, "m-s") == {"a": records[0]}
        assert path.read_bytes() == whole[:first]
    path.write_bytes(whole[:-1])  # only the line end is missing: appending must not glue two lines together
    assert list(stored_records(path, "m-s").values()) == records
    assert path.read_bytes() == whole


def test_records_of_further_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "samples-a.jsonl"
    path.write_text('{"id": "a", "key": "m-s-a"}\n{"id": "b", "key": "m-s-b"}\n')
    before = path.read_bytes()
    assert list(reusable_records(path, stored_records(path, "m-s"), {"a": "m-s-a", "c": "m-s-c"})) == ["a"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("file", "key", "told"),
    [
        (
            "samples-a.jsonl",
            "m-s-other",
            "samples-a.jsonl holds answers to other pages \\(row a\\); choose another folder",
        ),
        ("samples-a.jsonl", "m-other-a", "samples-a.jsonl holds answers with other settings; choose another folder"),
        (
            "samples-a.jsonl",
            "other-s-a",
            "samples-a.jsonl holds answers of another model or backend; choose",
        ),
        (
            "samples-b.jsonl",
            "other-s-b",
            "samples-b.jsonl holds answers of another model or backend; choose",
        ),
        ("samples-a.jsonl", None, "samples-a.jsonl holds answers of another model or backend; choose"),
    ],
)
def test_another_evaluations_folder_is_refused_and_kept(file: str, key: str | None, told: str, tmp_path: Path) -> None:
    record = {"id": "a", "prediction": "7"} | ({"key": key} if key else {})
    (tmp_path / file).write_text(json.dumps(record) + "\n")
    before = (tmp_path / file).read_bytes()
    with pytest.raises(FileExistsError, match=told):
        path = tmp_path / "samples-a.jsonl"
        reusable_records(path, stored_records(path, "m-s"), {"a": "m-s-a"})
    assert (tmp_path / file).read_bytes() == before
