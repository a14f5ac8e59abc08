"""What test data looks like, so that training data like it can be found: perceptual hashes and n-grams.

Pictures are compared by a 256-bit perceptual hash (DCT, ``imagehash``), which survives scaling, JPEG and a change of
brightness. Texts share a run of 13 words, as in the decontamination of GPT-3's training data
(https://arxiv.org/abs/2005.14165, appendix C); shorter questions only count with their answer. Runs that stand in many
test questions are wording, not content, and do not count.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from fcotvl_hf.eval_harness.loading import load_rows
from fcotvl_hf.eval_harness.rows import conversation, references
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.io.atomic import atomic_file
from fcotvl_hf.io.images import load_image

WORDS = 13
"""Length of the runs of words that are compared."""
FEWEST_WORDS = 6
"""Shorter questions are asked about any picture ("What is the title?")."""
MOST_ROWS = 3
"""A run of words that more test rows have is wording."""
_SIDE = 16
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class BenchmarkData:
    """Hashes of test rows.

    Args:
        names: ``task/id`` of each test row, [rows].
        images: hashes of pictures, [pictures, 4] of 64 bits each.
        image_rows: the row of each picture, [pictures].
        grams: sorted hashes of runs of words, [runs].
        gram_rows: the row of each run, [runs].
    """

    names: np.ndarray
    images: np.ndarray
    image_rows: np.ndarray
    grams: np.ndarray
    gram_rows: np.ndarray

    def near_image(self, image: Image.Image, most_bits: int) -> tuple[str, int] | None:
        """The test row whose picture is most like ``image``, and in how many of 256 bits it differs.

        Args:
            image: the picture.
            most_bits: further ones are none.
        """
        if not len(self.images):
            return None
        distances = np.bitwise_count(self.images ^ image_hash(image)).sum(axis=1)
        nearest = int(distances.argmin())
        distance = int(distances[nearest])
        return (str(self.names[self.image_rows[nearest]]), distance) if distance <= most_bits else None

    def shared_text(self, question: str, answer: str) -> str | None:
        """The test row with which a question and its answer share a run of words, or themselves."""
        hashes = np.array(sorted(text_hashes(question, [answer])), dtype=np.uint64)
        if not len(self.grams) or not len(hashes):
            return None
        places = np.searchsorted(self.grams, hashes).clip(max=len(self.grams) - 1)
        found = places[self.grams[places] == hashes]
        return str(self.names[self.gram_rows[found[0]]]) if len(found) else None

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file in one step: what is there is taken as it is.

        Raises:
            OSError: the disk is full, or the folder is not there.
        """
        with atomic_file(path) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(file, **vars(self))


@cache
def open_benchmark_data(path: Path) -> BenchmarkData:
    """What ``BenchmarkData.save`` wrote."""
    with np.load(path) as arrays:
        return BenchmarkData(**arrays)


def hash_tasks(tasks: Sequence[str], data_root: Path | None) -> BenchmarkData:
    """Hash the test rows of evaluation tasks.

    Args:
        tasks: their names.
        data_root: folder with Parquet files; the Hub if ``None``.

    Raises:
        ValueError: there is no such task.
        OSError: rows cannot be had, or ``imagehash`` is not installed.
    """
    names: list[str] = []
    images: list[np.ndarray] = []
    image_rows: list[int] = []
    grams: list[tuple[int, int]] = []
    for name in tasks:
        for row in load_rows(get_task(name), data_root).rows:
            number = len(names)
            names.append(f"{name}/{row['id']}")
            for image in row["images"]:
                images.append(image_hash(load_image(image)))
                image_rows.append(number)
            question = conversation(row, "{question}")[-1]["content"][-1]["text"]
            right = [str(text) for text in row.get("target", {}).get("references") or references(row)]
            grams += [(hashed, number) for hashed in text_hashes(question, right)]
    kept = _rare(grams)
    return BenchmarkData(
        np.array(names),
        np.array(images, dtype=np.uint64).reshape(-1, _SIDE * _SIDE // 64),
        np.array(image_rows, dtype=np.int64),
        np.array([hashed for hashed, _ in kept], dtype=np.uint64),
        np.array([number for _, number in kept], dtype=np.int64),
    )


def image_hash(image: Image.Image) -> np.ndarray:
    """The perceptual hash of a picture as four numbers of 64 bits.

    Raises:
        OSError: ``imagehash`` is not installed.
    """
    try:
        from imagehash import phash
    except ModuleNotFoundError as error:
        raise OSError("decontamination needs imagehash; install it with pip install 'fcotvl-hf[data]'") from error
    bits = phash(image.convert("L"), hash_size=_SIDE).hash.reshape(-1)  # [256]
    return np.packbits(bits).view(np.uint64)


def text_hashes(question: str, answers: Iterable[str]) -> set[int]:
    """Hashes of all runs of words in a question and its answers, and of a short question with each answer."""
    words = _words(question)
    hashes = set(_runs(words))
    for answer in answers:
        said = _words(answer)
        hashes |= set(_runs(said))
        if FEWEST_WORDS <= len(words) < WORDS:
            hashes.add(_hash([*words, "→", *said]))
    return hashes


def _runs(words: Sequence[str]) -> Iterator[int]:
    return (_hash(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _hash(words: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest())


def _rare(grams: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted (hash, row), the first row of each hash, without those that many rows have."""
    rows: dict[int, set[int]] = {}
    for hashed, number in grams:
        rows.setdefault(hashed, set()).add(number)
    return sorted((hashed, min(numbers)) for hashed, numbers in rows.items() if len(numbers) <= MOST_ROWS)
