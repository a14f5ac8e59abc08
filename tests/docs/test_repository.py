"""Notices, citation, changelog and templates say what is there."""

import re
import tomllib
from importlib import metadata, resources
from typing import Any

import pytest
import yaml
from fontTools.ttLib import TTFont

from fcotvl_hf.dataset_builders.fonts import _FOLDERS as FOLDERS
from fcotvl_hf.dataset_builders.fonts import TRAIN_FONTS

from .pages import ROOT

NOTICES = (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
STATED = {
    "SIL Open Font License": "OFL-1.1",
    "Apache License, Version 2.0": "Apache-2.0",
    "Bitstream": "Bitstream Vera",
}
"""What a font file says about its licence → what the notices call it."""


def _row(family: str) -> list[str]:
    """The cells of a font's row; families are written with spaces there."""
    for line in NOTICES.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].replace(" ", "").startswith(family):
            return cells
    raise AssertionError(f"{family} has no row")


@pytest.mark.parametrize("family", FOLDERS)
def test_every_font_is_named_with_the_licence_in_its_file(family: str) -> None:
    _, wheel, _, licence = _row(family)
    package, folder = FOLDERS[family]
    assert wheel == f"`{package.replace('_', '-')}`"
    files = sorted(file for file in (resources.files(package) / folder).iterdir() if file.name.startswith(family))
    with files[0].open("rb") as file, TTFont(file, lazy=True) as font:
        stated = " ".join(filter(None, (font["name"].getDebugName(number) for number in (0, 13))))
    assert {STATED[words] for words in STATED if words in stated} == {licence}


def test_fonts_of_the_tiny_models_come_first() -> None:
    families = [family for family in FOLDERS if any(name.startswith(family) for name in TRAIN_FONTS)]
    assert families == list(FOLDERS)[:5]


def test_notices_travel_with_the_package() -> None:
    for pattern in PROJECT["license-files"]:
        assert (ROOT / pattern).is_file()
    assert {"LICENSE", "THIRD_PARTY_NOTICES.md"} < set(PROJECT["license-files"])


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    newest = re.search(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert citation["version"] == newest[1] == PROJECT["version"] == metadata.version("fcotvl-hf")
    assert citation["license"] == PROJECT["license"]


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.stem)
def test_issue_forms_are_whole(form: Any) -> None:
    """What GitHub asks of a form: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema."""
    content = yaml.safe_load(form.read_text())
    assert content["name"] and content["description"]
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert {field["type"] for field in content["body"]} <= {"markdown", "input", "textarea", "dropdown", "checkboxes"}
