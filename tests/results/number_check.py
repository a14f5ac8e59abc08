"""The check that numbers of a Markdown text stand in files of results."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fcotvl_hf.results.speed import speed_rows

NAMES = "|".join(
    (
        r"\[[^\]]*\]\([^)]*\)",  # links
        r"```.*?```|`[^`]*`",
        r"InternVL2(?:-2B)?|F1",
        r"(?:Table|Figure) \d",
        r"[12]-D|\b(?:tiny|conv)[-\d][\w-]*|\d+ %",  # in names of models
        r"\d{4}-\d\d-\d\d",
    )
)
"""What has digits and is no figure."""


_UNSHOWN = {"answers", "losses", "commit", "versions", "seconds", "teacher"}
"""Keys of what no table shows, though it has digits."""


def leaves(value: Any) -> Iterator[float]:
    """All numbers in JSON values, and those in texts and keys."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if key in _UNSHOWN:
                continue
            yield from (float(number) for number in re.findall(r"\d+", key))
            yield from leaves(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from leaves(entry)
    elif isinstance(value, str):
        yield from (float(number) for number in re.findall(r"\d+", value))
    elif isinstance(value, int | float):
        yield float(value)


def unknown_numbers(text: str, values: Any) -> list[str]:
    """The numbers of a text that are no rounding of a value, or, in per cent, of a hundredth; a sign counts."""
    known = list(leaves(values))

    @cache
    def roundings(places: int, scale: int, sign: str) -> set[str]:
        return {f"{scale * value:{sign}.{places}f}" for value in known}

    unknown = []
    for sign, digits, percent in re.findall(
        r"((?<![\w.])[+-]|)\b(\d+(?:\.\d+)?)(%?)", re.sub(NAMES, " ", text, flags=re.DOTALL)
    ):
        places = len(digits.partition(".")[2])
        if sign + digits not in roundings(places, 100 if percent else 1, "+" if sign else ""):
            unknown.append(sign + digits + percent)
    return unknown


def labelled(value: Any) -> Iterator[tuple[str, Any]]:
    """All entries of JSON values that have a name, and those with a label."""
    if isinstance(value, dict):
        if "label" in value:
            yield value["label"], value
        for key, entry in value.items():
            yield key, entry
            yield from labelled(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from labelled(entry)


def strangers(section: str, values: Any) -> list[str]:
    """The unknown numbers of a section; in a row of a table that a name begins, what belongs to others is unknown."""
    entries: dict[str, list[Any]] = {}
    for name, entry in labelled(values):
        if isinstance(entry, dict):
            entries.setdefault(name, []).append(entry)
    found = []
    for line in section.splitlines():
        name = line[2:].partition(" |")[0]
        own = entries.get(name) if line.startswith("| ") else None
        found += unknown_numbers(line.partition(" | ")[2], own) if own else []
    return found + unknown_numbers(section, values)


def _shown(figures: dict[str, Any]) -> dict[str, Any]:
    """A file without the hashes of the models' weights, and with what follows from a bench."""
    settings = {key: value for key, value in figures["settings"].items() if key != "models"}
    follows = []
    if figures.get("asked"):
        for row in speed_rows(figures):
            units = {
                "kibibytes": row["kv_bytes"] / 1024,
                "mebibytes": row["kv_bytes"] / 1024**2,
                "milliseconds": [1000 * value for key, value in row.items() if key.endswith("_seconds")],
            }
            follows.append({**row, **units})
    return {**figures, "settings": settings, "follows": follows}


def unsourced(page: str, folder: Path) -> dict[str, list[str]]:
    """Heading of a section → its numbers that stand in none of the files which the section names."""
    found = {}
    for section in re.split(r"^(?=##+ )", page, flags=re.MULTILINE)[1:]:
        names = set(re.findall(r"`results/([\w-]+)\.json`", section))
        values = [_shown(json.loads((folder / f"{name}.json").read_text())) for name in sorted(names)]
        if unknown := strangers(section, values):
            found[section.splitlines()[0]] = unknown
    return found
