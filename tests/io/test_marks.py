"""What a program writes into a page stands between its marks; the rest is left alone."""

from pathlib import Path

import pytest

from fcotvl_hf.io.marks import fill_marked, marked


def test_only_what_is_between_the_marks_changes(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# Page\n\n<!-- a -->\nold\n<!-- /a -->\n\n<!-- b -->stays<!-- /b -->\n")
    fill_marked(path, "a", "| é |\n| --- |")
    filled = path.read_text(encoding="utf-8")
    assert filled == "# Page\n\n<!-- a -->\n\n| é |\n| --- |\n\n<!-- /a -->\n\n<!-- b -->stays<!-- /b -->\n"
    assert marked(filled, "a") == "| é |\n| --- |" and marked(filled, "b") == "stays"
    fill_marked(path, "a", "| é |\n| --- |")
    assert path.read_text(encoding="utf-8") == filled


@pytest.mark.parametrize("text", ["", "<!-- a -->", "<!-- /a --><!-- a -->"])
def test_a_page_without_marks_is_told_and_left(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"page\.md: there is no <!-- a --> … <!-- /a --> to write between"):
        fill_marked(path, "a", "new")
    assert path.read_text() == text
