"""Words with a common meaning, for METEOR: WordNet 3.0 reduced to its groups of single words, packaged.

NLTK's METEOR asks its WordNet corpus, which is a download of its own. It wants the words of all groups that a word is
in, in whichever form; this gives the same for every word without an underscore. ``compile_synonyms`` made the file.
"""

import lzma
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

_PACKAGED = "wordnet/synonyms-3.0.txt.xz"
IRREGULAR = "!"
"""Stands in a line between a part of speech and an irregular form with its base forms."""

_ENDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "n": (
        ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
        ("men", "man"), ("ies", "y"),
    ),
    "v": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}  # fmt: skip
"""Part of speech → endings and those of the base form, https://wordnet.princeton.edu/documentation/morphy7wn"""


@dataclass(frozen=True)
class Lemma:
    """A word, with the interface of NLTK's lemmas."""

    text: str

    def name(self) -> str:
        """The word."""
        return self.text


@dataclass(frozen=True)
class Synset:
    """Words with a common meaning, with the interface of NLTK's synsets."""

    words: tuple[Lemma, ...]

    def lemmas(self) -> tuple[Lemma, ...]:
        """The words."""
        return self.words


class Synonyms:
    """The part of NLTK's WordNet reader that METEOR uses. The file is read when the first word is asked for."""

    def synsets(self, word: str) -> list[Synset]:
        """All groups that a word is in.

        Args:
            word: in any case and form.
        """
        word = word.lower()
        groups, _ = self._tables
        forms = [(part, form) for part in _ENDINGS for form in self._base_forms(word, part)]
        return [synset for part, form in forms for synset in groups[part].get(form, ())]

    def _base_forms(self, word: str, part: str) -> list[str]:
        _, irregular = self._tables
        regular = [word.removesuffix(ending) + base for ending, base in _ENDINGS[part] if word.endswith(ending)]
        return [word, *irregular[part].get(word, regular)]

    @cached_property
    def _tables(self) -> tuple[dict[str, dict[str, list[Synset]]], dict[str, dict[str, list[str]]]]:
        """Part of speech → base form → groups, and part of speech → irregular form → base forms."""
        groups: dict[str, dict[str, list[Synset]]] = {part: {} for part in _ENDINGS}
        irregular: dict[str, dict[str, list[str]]] = {part: {} for part in _ENDINGS}
        packed = (resources.files(__package__) / _PACKAGED).read_bytes()
        for line in lzma.decompress(packed).decode().splitlines():
            part, *words = line.split(" ")
            if words[0] == IRREGULAR:
                irregular[part][words[1]] = words[2:]
                continue
            synset = Synset(tuple(map(Lemma, words)))
            for word in words:
                groups[part].setdefault(word.lower(), []).append(synset)
        return groups, irregular
