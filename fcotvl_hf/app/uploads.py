"""From what a visitor sent to a page and a question, or a line that says what is wrong with them.

Messages name no file and no folder: they travel back to strangers.
"""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from fcotvl_hf.io.images import load_upload

from .limits import NEW_TOKENS, PICTURES, QUESTION_CHARACTERS, UPLOAD_BYTES


def read_page(path: Path) -> Image.Image:
    """Open an uploaded picture: upright, on white, RGB, the first frame of an animation.

    Args:
        path: where the server has put it.

    Raises:
        ValueError: it is too large, damaged, or no picture.
    """
    size = path.stat().st_size
    if size > UPLOAD_BYTES:
        raise ValueError(f"this file has {size / 2**20:.1f} MB, {UPLOAD_BYTES // 2**20} MB are allowed; scale it down")
    return load_upload(path.read_bytes(), PICTURES)


def check_question(question: str | None, special_tokens: Sequence[str]) -> str:
    """A question without white space around it.

    Args:
        question: as typed.
        special_tokens: of the tokenizer; in a question they would be taken for images or turns.

    Raises:
        ValueError: it is empty, too long, or contains a special token.
    """
    asked = (question or "").strip()
    if not asked:
        raise ValueError("ask something, or choose one of the tasks")
    if len(asked) > QUESTION_CHARACTERS:
        raise ValueError(f"this question has {len(asked)} characters, {QUESTION_CHARACTERS} are allowed; shorten it")
    if found := next((token for token in special_tokens if token in asked), None):
        raise ValueError(f"the question contains {found}, which only the chat template may write; leave it out")
    return asked


def check_new_tokens(count: float) -> int:
    """The length at which an answer is cut.

    Raises:
        ValueError: it is no whole number from 1 to ``NEW_TOKENS``.
    """
    if not (1 <= count <= NEW_TOKENS and count == int(count)):
        raise ValueError(f"an answer may have 1 to {NEW_TOKENS} tokens, not {count:g}")
    return int(count)


def check_threshold(threshold: float) -> float:
    """The confidence below which a student's answer is replaced.

    Raises:
        ValueError: it is not between 0 and 1.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"a confidence lies between 0 and 1, so the threshold cannot be {threshold:g}")
    return float(threshold)
