"""Teacher labelling: a model reads pictures that nobody has labelled, and what it is sure of becomes training data.

A reply's confidence is the geometric mean of its tokens' probabilities; replies below a threshold, cut off or caught in
a loop are dropped and counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fcotvl_hf.eval_harness.metrics.repetition import repetition_rate
from fcotvl_hf.io.images import load_image

from ..asking.ask import Asked, ask
from ..asking.request import Failure, Outcome, Request
from ..parts import Dropped, Row
from ..rows import conversation_row

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
MOST_REPETITION = 0.5
"""Share of repeated 4-grams above which a reply is a loop."""


def find_images(folder: Path) -> tuple[Path, ...]:
    """The pictures below a folder, sorted by path.

    Raises:
        FileNotFoundError: there are none.
        NotADirectoryError: it is no folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder {folder} with pictures")
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES))
    if not found:
        raise FileNotFoundError(f"{folder} holds no pictures ({', '.join(SUFFIXES)})")
    return found


@dataclass(frozen=True)
class Labelled:
    """The ``RowMaker`` of pictures with a teacher's replies.

    Args:
        images: files, one per index.
        root: folder that their names in rows are relative to.
        teacher: who is asked, with ``confidence`` among the settings.
        prompt: what is asked about each.
        task: what rows call it.
        least: lowest confidence that is kept, in [0, 1].
        replies: folder for the files of replies, one per range of indices.
    """

    images: Sequence[Path] = field(repr=False)
    root: Path
    teacher: Asked
    prompt: str
    task: str
    least: float
    replies: Path

    def __call__(self, indices: range) -> Iterator[Row | Dropped]:
        """Rows of a range of pictures.

        Raises:
            ValueError: the teacher does not tell how sure it is.
        """
        pages: list[tuple[Path, bytes]] = []
        for path in (self.images[index] for index in indices):
            try:
                data = path.read_bytes()
                load_image(data)
            except (OSError, ValueError):
                yield Dropped("unreadable picture")
                continue
            pages.append((path, data))
        requests = [Request(self.prompt, data) for _, data in pages]
        outcomes = ask(self.teacher, requests, self.replies / f"labels-{indices.start:09d}.jsonl")
        for (path, data), outcome in zip(pages, outcomes, strict=True):
            reason = _fault(outcome, self.least)
            yield Dropped(reason) if reason else self._row(path, data, outcome)

    def _row(self, path: Path, data: bytes, outcome: Outcome) -> Row:
        assert not isinstance(outcome, Failure)
        name = path.relative_to(self.root).as_posix()
        meta = {"file": name, "labelled_by": self.teacher.label(), "confidence": outcome.confidence, "clean": False}
        said = outcome.text.strip()
        return conversation_row(name, data, self.prompt, said, f"labelled/{self.root.name}", self.task, meta)


def _fault(outcome: Outcome, least: float) -> str | None:
    """Why a reply is not kept.

    Raises:
        ValueError: the teacher does not tell how sure it is.
    """
    if isinstance(outcome, Failure):
        return f"no reply ({outcome.reason})"
    if outcome.confidence is None and outcome.text:
        raise ValueError("the teacher's endpoint gives no log probabilities, so its confidence is unknown")
    if not outcome.finished:
        return "cut off at the limit of tokens"
    if not outcome.text.strip():
        return "empty reply"
    if repetition_rate(outcome.text) > MOST_REPETITION:
        return "loop"
    return "low confidence" if (outcome.confidence or 0.0) < least else None
