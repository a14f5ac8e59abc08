"""The design that all HTML pages share: one file each, nothing from outside, light and dark, whole without script."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources

from jinja2 import Environment, PackageLoader, PrefixLoader

_HARNESS = "fcotvl_hf.eval_harness"
_LONGEST_FIGURE = 24
"""Characters of the longest text in a cell that stays on one line."""


@dataclass(frozen=True)
class Cell:
    """One figure of a table.

    Args:
        text: as it is shown.
        value: to sort by; ``None`` comes last.
        bar: share of the cell to fill, 0 to 1, if it has a bar.
        title: more about it.
    """

    text: str
    value: float | None = None
    bar: float | None = None
    title: str = ""

    @property
    def is_prose(self) -> bool:
        """Whether it is words that may take several lines."""
        return self.value is None and len(self.text) > _LONGEST_FIGURE


@dataclass(frozen=True)
class Line:
    """One model of a table, or what else has a line of figures.

    Args:
        label: its name.
        kind: ``teacher``, ``control``, ``student`` or ``baseline``, which have colours; or another word.
        cells: one for each heading.
    """

    label: str
    kind: str
    cells: Sequence[Cell] = field(default_factory=tuple)


def page_environment(package: str = _HARNESS) -> Environment:
    """Templates of a package, which may extend ``design/page.html.j2`` and import ``design/parts.html.j2``.

    Args:
        package: whose ``templates`` folder is found under ``own/``.
    """
    loaders = {"own": PackageLoader(package), "design": PackageLoader(_HARNESS)}
    environment = Environment(loader=PrefixLoader(loaders), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    folder = resources.files(_HARNESS) / "templates"
    environment.globals |= {name: (folder / f"page.{name}").read_text(encoding="utf-8") for name in ("css", "js")}
    return environment
