"""Shards are whole or not there, rows come back as they were written, and a folder belongs to one teacher and data."""

from pathlib import Path

import pytest
import torch

from fcotvl_hf.training.teacher_store import StoredRow, TeacherStore

IDENTITY = {"teacher": "a", "data": "b", "temperature": 1.0, "top_k": 2}


def answer(row: int) -> StoredRow:
    """A row with ``row`` positions, so one without any as well."""
    generator = torch.Generator().manual_seed(row)
    ids = torch.randint(100, (row, 2), generator=generator)
    return StoredRow(torch.tensor(-row), ids[:, 0], ids, torch.randn(row, 3, generator=generator))


def filled(folder: Path, shards: list[int]) -> TeacherStore:
    store = TeacherStore(folder, rows=8, shard_rows=3)
    store.claim(IDENTITY)
    for shard in shards:
        store.write(shard, [answer(row) for row in store.rows_of(shard)])
    return store


def test_rows_come_back_from_whatever_shard(tmp_path) -> None:
    store = filled(tmp_path, [2, 0, 1])
    for row in range(8):
        for read, written in zip(store[row], answer(row), strict=True):
            assert torch.equal(read, written)
            assert read.dtype == written.dtype


def test_missing_shards_are_known_and_cover_all_rows_once(tmp_path) -> None:
    store = filled(tmp_path, [1])
    assert store.missing() == [0, 2]
    assert store.missing([1, 2]) == [2]
    assert [row for shard in store.shards for row in store.rows_of(shard)] == list(range(8))


def test_a_write_that_fails_leaves_no_shard(tmp_path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    store = filled(tmp_path, [0])
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(1, [answer(row) for row in store.rows_of(1)])
    assert store.missing() == [1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000.safetensors", "teacher.json"]


def test_what_a_kill_left_half_written_is_removed(tmp_path) -> None:
    store = filled(tmp_path, [0])
    (tmp_path / ".000001.safetensors.x.part").write_bytes(b"half")
    store.discard_unfinished()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000.safetensors", "teacher.json"]


@pytest.mark.parametrize(
    ("changed", "named"), [({"teacher": "z"}, "teacher"), ({"data": "z", "top_k": 9}, "data, top_k")]
)
def test_another_identity_is_refused_by_name(tmp_path, changed, named) -> None:
    store = filled(tmp_path, [0])
    before = (tmp_path / "teacher.json").read_text()
    with pytest.raises(ValueError, match=f"with another {named}; give another folder, or delete it"):
        store.claim(IDENTITY | changed)
    with pytest.raises(ValueError, match="with another rows;"):
        TeacherStore(tmp_path, rows=7, shard_rows=3).claim(IDENTITY)
    assert (tmp_path / "teacher.json").read_text() == before
    store.claim(IDENTITY)
