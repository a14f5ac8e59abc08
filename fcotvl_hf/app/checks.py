"""From what a visitor sent to a page, a question and settings, or a line that says what is wrong with them.

Requests come from browsers and from programs, so nothing is taken for granted, not even a type. Messages name no file
and no folder and repeat nothing that was sent: they travel back to strangers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from fcotvl_hf.io.images import load_upload

from .limits import NEW_TOKENS, PICTURES, QUESTION_CHARACTERS, UPLOAD_BYTES


def read_upload(upload: Mapping[str, Any] | None) -> Image.Image:
    """Open an uploaded picture: upright, on white, RGB, the first frame of an animation.

    Args:
        upload: Gradio's note on the file, which has put it into the server's cache and checked that it lies there.

    Raises:
        ValueError: there is none, or it is too large, damaged, or no picture.
    """
    if upload is None:
        raise ValueError("upload a page first, or choose an example")
    if upload.get("path") is None:  # a picture inside the request, of which no limit has seen the size
        raise ValueError("upload the picture as a file")
    path = Path(upload["path"])
    if not path.is_file():
        raise ValueError("this file is no longer here; upload it again")
    size = path.stat().st_size
    if size > UPLOAD_BYTES:
        raise ValueError(f"this file has {size / 2**20:.1f} MB, {UPLOAD_BYTES // 2**20} MB are allowed; scale it down")
    return load_upload(path.read_bytes(), PICTURES)


def check_question(question: object, special_tokens: Sequence[str]) -> str:
    """A question without white space around it.

    Args:
        question: as typed.
        special_tokens: of the tokenizer; in a question they would be taken for images or turns.

    Raises:
        ValueError: it is no text, empty, too long, or contains a special token.
    """
    asked = question.strip() if isinstance(question, str) else ""
    if not asked:
        raise ValueError("ask something, or choose one of the tasks")
    if len(asked) > QUESTION_CHARACTERS:
        raise ValueError(f"this question has {len(asked)} characters, {QUESTION_CHARACTERS} are allowed; shorten it")
    if found := next((token for token in special_tokens if token in asked), None):
        raise ValueError(f"the question contains {found}, which only the chat template may write; leave it out")
    return asked


def check_names(names: object, known: Sequence[str]) -> list[str]:
    """Models chosen by name, in the order in which they are known.

    Raises:
        ValueError: it is no list of known names.
    """
    chosen = list(names) if isinstance(names, list | tuple) else [None]
    if not all(name in known for name in chosen):
        raise ValueError(f"there is no such model here; choose from {', '.join(known)}")
    return [name for name in known if name in chosen]


def check_new_tokens(count: object) -> int:
    """The length at which an answer is cut.

    Raises:
        ValueError: it is no whole number from 1 to ``NEW_TOKENS``.
    """
    if isinstance(count, int | float) and 1 <= count <= NEW_TOKENS and count == int(count):
        return int(count)
    raise ValueError(f"an answer may have 1 to {NEW_TOKENS} tokens")


def check_threshold(threshold: object) -> float:
    """The confidence below which a student's answer is replaced.

    Raises:
        ValueError: it is no number between 0 and 1.
    """
    if isinstance(threshold, int | float) and 0 <= threshold <= 1:
        return float(threshold)
    raise ValueError("a confidence lies between 0 and 1, and so must the threshold")
