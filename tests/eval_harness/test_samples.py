"""The file of predictions after a kill at any byte."""

from pathlib import Path

from fcotvl_hf.eval_harness.samples import Record, append_records, reusable_records


def test_a_file_cut_at_any_byte_keeps_its_whole_lines(tmp_path: Path) -> None:
    records = [
        Record(id=name, prediction="né\n→ 7", references=["né"], score=0.5, tokens=16, key=f"k{name}") for name in "ab"
    ]
    path = tmp_path / "samples.jsonl"
    append_records(path, records)
    whole = path.read_bytes()
    keys = {"a": "ka", "b": "kb"}
    assert list(reusable_records(path, keys).values()) == records
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert reusable_records(path, keys) == {"a": records[0]}
        assert path.read_bytes() == whole[:first]
    path.write_bytes(whole[:-1])  # only the line end is missing: appending must not glue two lines together
    assert list(reusable_records(path, keys).values()) == records
    assert path.read_bytes() == whole


def test_lines_of_other_runs_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text('{"id": "a", "prediction": "no key"}\n{"id": "b", "key": "other"}\n')
    assert reusable_records(path, {"a": "ka", "b": "kb"}) == {}
    assert path.read_text() == ""
