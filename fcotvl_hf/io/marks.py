"""The part of a Markdown file that a program writes, between ``<!-- NAME -->`` and ``<!-- /NAME -->``."""

from pathlib import Path

from .atomic import atomic_write


def marked(text: str, name: str) -> str:
    """What stands between two marks.

    Args:
        text: Markdown.
        name: in the marks.

    Raises:
        ValueError: the marks are not there.
    """
    return _parts(text, name)[1].strip("\n")


def fill_marked(path: Path, name: str, content: str) -> None:
    """Put other content between two marks of a file, in one step.

    Args:
        path: the file.
        name: in the marks.
        content: Markdown; gets a blank line before and after.

    Raises:
        ValueError: the marks are not there.
    """
    try:
        before, _, after = _parts(path.read_text(encoding="utf-8"), name)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    atomic_write(path, f"{before}\n\n{content}\n\n{after}")


def _parts(text: str, name: str) -> tuple[str, str, str]:
    """Up to the first mark, between, and from the second mark on."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = text.partition(begin)
    inside, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"there is no {begin} … {end} to write between")
    return before + begin, inside, end + after
