"""Panels show what was found and escape what strangers wrote; drawings lie where the tokens are."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from fcotvl_hf.app import views
from fcotvl_hf.app.comparing import Asked, Comparison, compare
from fcotvl_hf.app.downloads import as_json
from fcotvl_hf.app.family import Family, Member
from fcotvl_hf.app.overlays import Grid, grid_of, heat_picture

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"'> ${alert(1)} {{7*7}} `x`"


@pytest.fixture(scope="module")
def found(family: Family, page: Image.Image) -> Comparison:
    *_, last = compare(family, Asked(page, "Read the text.", ("student-2", "student-4"), 0.0, 8))
    return last


class _Seen(HTMLParser):
    """Tags and text of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def _all(state: Comparison, family: Family) -> list[str]:
    panels = [views.lost(state), views.sureness(state), views.covered(state, family), views.files(state)]
    return [views.header(), views.board(state), *panels]


def test_what_strangers_wrote_is_text(found: Comparison, family: Family) -> None:
    said = {
        name: replace(reading, text=HOSTILE, pieces=(HOSTILE,), confidences=(0.5,))
        for name, reading in found.readings.items()
    }
    lost = {name: replace(loss, divergences=(1.0,)) for name, loss in found.losses.items()}
    state = replace(found, readings=said, losses=lost, asked=replace(found.asked, question=HOSTILE))
    seen = [_Seen(html) for html in _all(state, family)]
    assert not {"script", "img"} & {tag for each in seen for tag in each.tags}
    assert HOSTILE in seen[1].text and HOSTILE in seen[3].text
    assert all(link.startswith(("data:", "https://arxiv.org/")) for each in seen for link in each.links)


def test_the_board_grows(family: Family, ask: Callable[..., Asked]) -> None:
    assert "Compare" in views.board(None)
    begun, *_, last = (views.board(state) for state in compare(family, ask()))
    assert begun.count("waiting") >= 3 and "Agreement" not in begun
    assert last.count("Agreement") == 3 and "waiting" not in last
    assert _Seen(last).text.count("tokens/s") == 3


def test_the_board_marks_what_differs(found: Comparison) -> None:
    said = {**found.readings, "student-2": replace(found.readings["student-2"], text="two three")}
    said["teacher"] = replace(found.readings["teacher"], text="one two")
    card = views.board(replace(found, readings=said)).split("<article")[2]
    assert re.search(r"<del [^>]*>one </del>two<ins [^>]*> three</ins>", card)
    assert "50% of words" in card


def test_a_fall_back_is_said(found: Comparison) -> None:
    assert "Fell back" not in views.board(found)
    assert views.board(replace(found, asked=replace(found.asked, threshold=1.0))).count("Fell back") == 2


def test_files_are_in_their_links(found: Comparison) -> None:
    machine, notes = _Seen(views.files(found)).links
    assert json.loads(unquote(machine.partition(",")[2])) == json.loads(json.dumps(as_json(found)))
    assert unquote(notes.partition(",")[2]).startswith("# Compression lab\n")


def test_grids_of_the_strides(family: Family, page: Image.Image) -> None:
    grids = [grid_of(member, page) for member in family.members]
    assert grids == [Grid(2, 1, 3, 16, 28, 28), Grid(2, 1, 3, 8, 56, 28), Grid(2, 1, 3, 4, 112, 28)]
    nowhere = Member("queries", family.reference.model, family.reference.processor, None)
    assert grid_of(nowhere, page) is None


def test_heat_lies_on_its_cells() -> None:
    picture = heat_picture(Image.new("RGB", (80, 40)), [[0.0, 1.0], [0.5, 0.01]], "what it shows")
    boxes = re.findall(
        r'<rect x="([\d.]+)" y="([\d.]+)" width="40.00" height="20.00" class="heat" opacity="([\d.]+)"', picture
    )
    assert boxes == [("40.00", "0.00", "0.75"), ("0.00", "20.00", "0.38")]
    assert 'aria-label="what it shows"' in picture


def test_large_pages_travel_small() -> None:
    picture = heat_picture(Image.effect_noise((2000, 1500), 64).convert("RGB"), [[1.0]], "noise")
    assert len(picture) < 1_500_000
