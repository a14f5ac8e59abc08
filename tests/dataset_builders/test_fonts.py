"""Fonts come from wheels, and every character of the alphabet has a glyph in each of them."""

import pytest

from fcotvl_hf.dataset_builders.fonts import CAPITALS, TRAIN_FONTS, UNSEEN_FONTS, font_path, in_case, load_font
from fcotvl_hf.dataset_builders.texts import CHARACTERS


@pytest.mark.parametrize("name", TRAIN_FONTS + UNSEEN_FONTS)
def test_font_covers_the_alphabet(name: str) -> None:
    font = load_font(name, 24)
    missing = bytes(font.getmask("\uffff"))
    for character in CHARACTERS.strip():
        assert any(bytes(font.getmask(character))) and bytes(font.getmask(character)) != missing, character


def test_fonts_lie_in_site_packages() -> None:
    assert all("site-packages" in str(font_path(name)) for name in TRAIN_FONTS)


def test_training_and_unseen_families_are_disjoint() -> None:
    families = [{name.split("-")[0] for name in names} for names in (TRAIN_FONTS, UNSEEN_FONTS)]
    assert not families[0] & families[1]


def test_unknown_font_is_one_clear_line() -> None:
    with pytest.raises(ValueError, match="unknown font 'Comic': known families are DejaVu"):
        font_path("Comic")


def test_faces_without_small_letters_are_labelled_in_capitals() -> None:
    bebas = load_font("BebasNeue-Regular", 40)
    assert bytes(bebas.getmask("oval")) == bytes(bebas.getmask("OVAL"))
    assert [in_case("Williams Oval", face) for face in sorted(CAPITALS)] == ["WILLIAMS OVAL"] * len(CAPITALS)
    assert in_case("Williams Oval", "Lobster-Regular") == "Williams Oval"
