"""Make the packaged file of synonyms from the ``dict`` folder of WordNet 3.0.

    python -m fcotvl_hf.eval_harness.metrics.ocrbench_v2.compile_synonyms DICT synonyms-3.0.txt.xz

Left out are glosses, relations, expressions of several words, and names: METEOR looks up one word at a time and
compares in lower case. Formats: https://wordnet.princeton.edu/documentation/wndb5wn
"""

import lzma
import sys
from collections.abc import Iterator
from pathlib import Path

from fcotvl_hf.io.atomic import atomic_write

from .synonyms import IRREGULAR

_PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}


def main(argv: list[str]) -> None:
    """Read a folder and write a file.

    Args:
        argv: WordNet's folder and the file.
    """
    folder, out = map(Path, argv)
    atomic_write(out, lzma.compress(compile_synonyms(folder).encode(), preset=9 | lzma.PRESET_EXTREME))


def compile_synonyms(folder: Path) -> str:
    """Lines of groups and of irregular forms, sorted.

    Args:
        folder: WordNet's, with ``data.noun``, ``noun.exc`` and so on.

    Raises:
        OSError: a file is missing.
    """
    lines: set[str] = set()
    for part, name in _PARTS.items():
        irregular = _irregular(folder / f"{name}.exc")
        groups = list(_groups(folder / f"data.{name}", {base for bases in irregular.values() for base in bases}))
        grouped = {word for group in groups if len(group) > 1 for word in group}
        lines |= {" ".join((part, *group)) for group in groups if len(group) > 1 or group[0] not in grouped}
        lines |= {" ".join((part, IRREGULAR, form, *bases)) for form, bases in irregular.items()}
    return "\n".join(sorted(lines)) + "\n"


def _irregular(file: Path) -> dict[str, list[str]]:
    """Irregular single word → base forms."""
    lines = map(str.split, file.read_text(encoding="utf-8").splitlines())
    return {form: bases for form, *bases in lines if "_" not in form}


def _groups(file: Path, bases: set[str]) -> Iterator[list[str]]:
    """The single words of each group, and expressions that are ``bases``, if a word of it is in lower case."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            continue  # the licence
        fields = line.split(" ")
        names = [name.partition("(")[0] for name in fields[4 : 4 + 2 * int(fields[3], 16) : 2]]
        words = [name for name in names if "_" not in name or name in bases]
        if any(word == word.lower() for word in words):
            yield words


if __name__ == "__main__":
    main(sys.argv[1:])
