"""Synonyms: the packaged file, and how it is made from WordNet's."""

import lzma
from pathlib import Path

import pytest

from fcotvl_hf.eval_harness.metrics.ocrbench_v2 import compile_synonyms as maker
from fcotvl_hf.eval_harness.metrics.ocrbench_v2.synonyms import Synonyms

LICENCE = "  1 This software and database is being provided to you\n"
NOUNS = (
    "00000001 06 n 04 car 0 auto 0 motor_car 0 machine 2 001 @ 00000009 n 0000 | a vehicle\n"
    "00000002 06 n 01 car 1 000 | of a train\n"
    "00000003 06 n 01 mouse 0 000 | an animal\n"
    "00000004 06 n 02 London 0 Greater_London 0 000 | a city\n"
    "00000005 06 n 01 ice_cream 0 000 | a dish\n"
    "00000006 06 n 02 base_on_balls 0 walk 0 000 | in baseball\n"
)


@pytest.fixture(scope="module")
def packaged() -> Synonyms:
    return Synonyms()


def _words(synonyms: Synonyms, word: str) -> set[str]:
    return {lemma.name() for synset in synonyms.synsets(word) for lemma in synset.lemmas()}


@pytest.mark.parametrize(
    ("word", "synonym"),
    [
        ("sofa", "couch"),
        ("CAR", "automobile"),
        ("mice", "mouse"),  # irregular
        ("women", "woman"),
        ("boxes", "box"),
        ("running", "run"),
        ("larger", "big"),
        ("quickly", "rapidly"),
    ],
)
def test_packaged_words(packaged: Synonyms, word: str, synonym: str) -> None:
    assert synonym in _words(packaged, word)


def test_unknown_words_have_no_synonyms(packaged: Synonyms) -> None:
    assert not packaged.synsets("qzxv")
    assert not packaged.synsets("")


def test_compiling_keeps_single_words(tmp_path: Path) -> None:
    for name in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"data.{name}").write_text(LICENCE + (NOUNS if name == "noun" else ""))
        (tmp_path / f"{name}.exc").write_text("")
    (tmp_path / "data.adj").write_text(LICENCE + "00000009 00 a 02 afloat(p) 0 Awash(a) 0 000 | on water\n")
    (tmp_path / "noun.exc").write_text("mice mouse\nice_creams ice_cream\nbases-on-balls base_on_balls\n")
    maker.main([str(tmp_path), str(tmp_path / "out.xz")])
    assert lzma.decompress((tmp_path / "out.xz").read_bytes()).decode().splitlines() == [
        "a afloat Awash",
        "n ! bases-on-balls base_on_balls",
        "n ! mice mouse",
        "n base_on_balls walk",
        "n car auto machine",
        "n mouse",
    ]
