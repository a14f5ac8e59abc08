"""The Python of pages that have no test beside their feature."""

from pathlib import Path

import pytest

from .pages import DOCS, blocks


@pytest.mark.parametrize(("page", "shown"), [("convert.md", "conv1d 8 8\n"), ("metrics.md", "")])
def test_python_runs(
    page: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(DOCS / page, "python")
    exec(block.text, {})
    assert capsys.readouterr().out == shown
