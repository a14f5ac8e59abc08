"""Where the words on the pages come from: Faker's word lists, numbers and random strings.

Every tenth word is held out of training, so that an evaluation can ask for strings that no training page showed.
"""

import string
import zlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random

ALPHANUMERIC = string.ascii_letters + string.digits
PUNCTUATION = ".,:;!?'\"()-/%$&+=#@*_"
CHARACTERS = "".join(chr(code) for code in range(32, 127)) + "\n"


@dataclass(frozen=True)
class Lexicon:
    """The words a page may use, and how often it uses a random string instead.

    Args:
        held_out: use the words kept out of training instead of the training words.
        random_share: probability in [0, 1] that a token is a random alphanumeric string.
        number_share: probability that it is a number.
        punctuation_share: probability that a word comes with punctuation.
    """

    held_out: bool = False
    random_share: float = 0.2
    number_share: float = 0.15
    punctuation_share: float = 0.15

    def word(self, rng: Random, max_length: int = 12) -> str:
        """One dictionary word of at most ``max_length`` characters, now and then capitalised or in capitals."""
        words = _words(self.held_out, max_length)
        word = words[rng.randrange(len(words))]
        case = rng.random()
        if case < 0.2:
            return word.capitalize()
        return word.upper() if case < 0.28 else word

    def token(self, rng: Random, max_length: int = 12) -> str:
        """One token of running text: a word, a number, a random string, sometimes with punctuation."""
        kind = rng.random()
        if kind < self.random_share:
            return random_string(rng, 1, min(8, max_length))
        if kind < self.random_share + self.number_share:
            return number(rng)[:max_length]
        word = self.word(rng, max_length)
        return punctuate(rng, word) if rng.random() < self.punctuation_share else word

    def cell(self, rng: Random) -> str:
        """One short table cell: a number, a word or a code."""
        kind = rng.random()
        if kind < 0.5:
            return number(rng)
        return self.word(rng, 7) if kind < 0.85 else random_string(rng, 2, 5)


def number(rng: Random) -> str:
    """A number as documents write them: counts, decimals, percentages, amounts, negatives."""
    kind = rng.random()
    if kind < 0.5:
        return str(rng.randrange(10 ** rng.randint(1, 4)))
    if kind < 0.75:
        return f"{rng.randrange(1000) / 10:.1f}"
    if kind < 0.85:
        return f"{rng.randrange(100)}%"
    return f"${rng.randrange(1000)}" if kind < 0.95 else f"-{rng.randrange(1, 100)}"


def random_string(rng: Random, shortest: int, longest: int) -> str:
    """Case-sensitive letters and digits that no language model can guess."""
    return "".join(rng.choice(ALPHANUMERIC) for _ in range(rng.randint(shortest, longest)))


def punctuate(rng: Random, word: str) -> str:
    """Put punctuation after or around ``word``, or before it (``$``, ``#``, ``@`` …)."""
    mark = rng.choice(PUNCTUATION)
    if mark in "()":
        return f"({word})"
    if mark in "\"'":
        return f"{mark}{word}{mark}"
    return f"{mark}{word}" if mark in "$#@*_+&" else f"{word}{mark}"


@lru_cache(maxsize=64)
def _words(held_out: bool, max_length: int) -> tuple[str, ...]:
    from faker.providers.address.en_US import Provider as Address
    from faker.providers.lorem.en_US import Provider as Lorem
    from faker.providers.person.en_US import Provider as Person

    sources = (Lorem.word_list, Person.last_names, Person.first_names, Address.states, Address.countries)
    words = {word for source in sources for entry in source for word in entry.split()}
    usable = (word for word in words if word.isascii() and word.isalpha() and len(word) <= max_length)
    return tuple(sorted(word for word in usable if (zlib.crc32(word.lower().encode()) % 10 == 0) == held_out))
