"""Sentences, titles and names in English and Chinese: templates filled from Faker, and prose of Python's own manual.

The templates lie in ``templates/``; the manual is in every Python (``pydoc_data``, PSF licence).
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

import yaml
from faker import Faker

_LOCALES = {"en": "en_US", "zh": "zh_CN"}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SLOT = re.compile(r"\{(\w+)\}")
_PLAIN_SENTENCE = re.compile(r"[A-Z][A-Za-z0-9 ,;:'()-]{40,220}\.")
_MANUAL_SHARE = 0.4
"""Of English sentences about technology."""


@dataclass
class Writer:
    """Writes about one topic.

    Args:
        rng: decides everything.
        language: ``"en"`` or ``"zh"``.
        topic: a name in the language's templates; any if ``None``.
    """

    rng: Random
    language: str
    topic: str | None = None

    def __post_init__(self) -> None:
        self.topic = self.topic or self.rng.choice(sorted(templates(self.language)["topics"]))
        self._fake = _faker(self.language)
        self._fake.seed_instance(self.rng.getrandbits(32))
        self._unused: dict[str, list[str]] = {}

    def title(self) -> str:
        """A title of a page."""
        return self._fill(self._pick("titles"))

    def heading(self) -> str:
        """A section's heading."""
        return self._pick("headings")

    def headings(self, count: int) -> list[str]:
        """Different headings in the order of such texts, ``count`` or as many as there are."""
        known = templates(self.language)["topics"][self.topic]["headings"]
        return [known[place] for place in sorted(self.rng.sample(range(len(known)), min(count, len(known))))]

    def caption(self) -> str:
        """What stands below a figure."""
        return self._fill(self._pick("captions"))

    def sentence(self) -> str:
        """One sentence."""
        if self.language == "en" and self.topic == "technology" and self.rng.random() < _MANUAL_SHARE:
            return self.rng.choice(_manual())
        return self._fill(self._pick("sentences"))

    def paragraph(self, shortest: int = 2, longest: int = 5) -> str:
        """``shortest`` to ``longest`` sentences."""
        between = " " if self.language == "en" else ""
        return between.join(self.sentence() for _ in range(self.rng.randint(shortest, longest)))

    def word_of(self, kind: str) -> str:
        """An entry of one of the lists in the templates, such as ``"signs"``."""
        return self.rng.choice(templates(self.language)[kind])

    def words_of(self, kind: str, count: int) -> list[str]:
        """Different entries of such a list."""
        return self.rng.sample(templates(self.language)[kind], count)

    def slot(self, name: str) -> str:
        """What fills ``{name}``.

        Raises:
            KeyError: there is no such slot.
        """
        numbers = self._numbers()
        if name in numbers:
            return numbers[name]
        if name in ("plant", "animal", "medicine", "product"):
            return self.rng.choice(templates("en")[f"{name}s"])
        return str(self._named(name)).replace("\n", ", ")

    def _numbers(self) -> dict[str, str]:
        rng = self.rng
        day, month, year = rng.randint(1, 28), rng.randrange(12), str(rng.randint(1985, 2026))
        english = self.language == "en"
        later, end = (month + 1) % 12, rng.randint(1, 28)
        return {
            "year": year,
            "month": _MONTHS[month] if english else f"{month + 1}月",
            "date": f"{day} {_MONTHS[month]} {year}" if english else f"{year}年{month + 1}月{day}日",
            "period": (
                f"{day} {_MONTHS[month]} to {end} {_MONTHS[later]}"
                if english
                else f"{month + 1}月{day}日至{later + 1}月{end}日"
            ),
            "quarter": f"{rng.choice(('first', 'second', 'third', 'fourth'))} quarter",
            "percent": f"{rng.randint(1, 60)}.{rng.randint(0, 9)}%" if rng.random() < 0.6 else f"{rng.randint(1, 95)}%",
            "amount": f"${rng.randint(1, 990)}.{rng.randint(0, 9)} million",
            "wan": f"{rng.randint(2, 9800)}.{rng.randint(0, 9)}",
            "number": str(rng.randint(100, 999)),
            "small": str(rng.randint(11, 89)),
            "few": str(rng.randint(2, 6)),
            "significance": rng.choice(("0.05", "0.01", "0.001")),
            "dose": rng.choice(("50", "100", "200", "250", "400", "500")),
            "systolic": str(rng.randint(105, 168)),
            "diastolic": str(rng.randint(60, 98)),
            "digit": str(rng.randint(1, 9)),
            "decimal": f"{rng.randint(0, 39)}.{rng.randint(0, 99):02d}",
            "hour": str(rng.randint(8, 11)),
            "version": f"{rng.randint(1, 12)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
            "code": f"{rng.choice('ABCDEFGHKMPRTX')}{rng.choice('ABCDEFGHKMPRTX')}-{rng.randint(1000, 9999)}",
            "ip": f"192.168.{rng.randint(0, 254)}.{rng.randint(1, 254)}",
        }

    def _named(self, name: str) -> str:
        fake = self._fake
        if self.language == "zh" and name in ("city", "address", "road"):  # Faker's are made of first names
            city, road = self.word_of("cities"), self.word_of("roads")
            return {"city": city, "road": road, "address": f"{city}市{road}{self.rng.randint(1, 300)}号"}[name]
        makers = {
            "company": fake.company,
            "person": lambda: f"{fake.first_name()} {fake.last_name()}" if self.language == "en" else fake.name(),
            "city": fake.city,
            "country": fake.country,
            "street": fake.street_name,
            "address": fake.street_address,
            "email": fake.ascii_safe_email,
            "phone": (lambda: fake.numerify("(%##) %##-####")) if self.language == "en" else fake.phone_number,
        }
        return makers[name]()

    def _fill(self, template: str) -> str:
        return _SLOT.sub(lambda match: self.slot(match[1]), template)

    def _pick(self, kind: str) -> str:
        """A template of the topic; none comes again before all have been."""
        if not self._unused.get(kind):
            choices = list(templates(self.language)["topics"][self.topic][kind])
            self.rng.shuffle(choices)
            self._unused[kind] = choices
        return self._unused[kind].pop()


@cache
def templates(language: str) -> dict[str, Any]:
    """The lists of a language."""
    text = (resources.files(__package__) / "templates" / f"{language}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


@cache
def common_hanzi() -> str:
    """The 3,755 characters of GB 2312's first level."""
    rows = (bytes([high, low]) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", errors="ignore") for pair in rows)


@cache
def _faker(language: str) -> Faker:
    return Faker(_LOCALES[language])


@cache
def _manual() -> list[str]:
    """Sentences of the Python manual that hold no markup."""
    from pydoc_data.topics import topics

    text = " ".join(" ".join(topics[name].split()) for name in sorted(topics))
    return list(dict.fromkeys(_PLAIN_SENTENCE.findall(text)))
