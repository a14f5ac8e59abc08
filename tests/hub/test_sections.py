"""A card is taken apart and put together again without loss."""

from fcotvl_hf.hub.sections import join, split

TEXT = """\
# Title

Words.

## One

```bash
## no heading
```

~~~md
```
## nor this
~~~

## Two

More.
"""


def test_sections_are_found_and_put_together_again() -> None:
    sections = split(TEXT)
    assert list(sections) == ["", "One", "Two"]
    assert "## nor this" in sections["One"] and sections["Two"] == "More."
    assert join(sections) == TEXT


def test_empty_sections_are_left_out() -> None:
    assert join({"": "a", "One": "", "Two": "b"}) == "a\n\n## Two\n\nb\n"
