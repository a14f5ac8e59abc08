"""Lines that a kill cut off are skipped and sealed; everything else is kept in order."""

from pathlib import Path

from fcotvl_hf.io.jsonl import append_json_lines, read_json_lines


def test_lines_grow_and_survive_a_cut(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lines.jsonl"
    assert read_json_lines(path) == []
    append_json_lines(path, [{"a": "ä"}, {"b": 2}])
    append_json_lines(path, [])
    path.write_bytes(path.read_bytes()[:-3])
    append_json_lines(path, [{"c": [3]}])
    assert read_json_lines(path) == [{"a": "ä"}, {"c": [3]}]
    assert path.read_text().endswith('{"c": [3]}\n')
