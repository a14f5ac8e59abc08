"""Before a model is published: it answers in a fresh process without this package as it answers here."""

import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from fcotvl_hf.dataset_builders.fonts import load_font
from fcotvl_hf.dataset_builders.rendering import Page

from . import stranger
from .models import load_model

logger = logging.getLogger(__name__)


def check_reload(source: Path, written: Path) -> str:
    """Compare a model's answer with that of its repository.

    Args:
        source: the model as this package loads it.
        written: the repository, as others will load it.

    Returns:
        The answer.

    Raises:
        ValueError: the repository does not load, or answers differently.
        OSError: the source holds no model.
    """
    model, processor = load_model(str(source))
    device, dtype = str(model.device), str(model.dtype).removeprefix("torch.")
    page = _page()
    expected = stranger.tokens_of_answer(model, processor, page)
    del model  # two copies at once might not fit
    with tempfile.TemporaryDirectory() as scratch:
        picture = Path(scratch) / "page.png"
        page.save(picture)
        answered = _ask_stranger(written, picture, device, dtype, Path(scratch))
    said, wanted = (processor.decode(tokens, skip_special_tokens=True) for tokens in (answered, expected))
    if answered != expected:
        raise ValueError(
            f"{written} answers {said!r} in a fresh process, but {wanted!r} here; the folder is not complete"
        )
    logger.info("reloaded in a fresh process without fcotvl-hf: the same answer, %r", said)
    return str(said)


def _ask_stranger(folder: Path, picture: Path, device: str, dtype: str, scratch: Path) -> list[int]:
    """The tokens of the answer of a process of its own, with an empty cache of code and no network."""
    command = [sys.executable, "-P", stranger.__file__, str(folder), str(picture), device, dtype]
    alone = {"HF_MODULES_CACHE": str(scratch / "modules"), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    done = subprocess.run(command, env=os.environ | alone, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise ValueError(f"{folder} does not load in a fresh process without fcotvl-hf: {reason}")
    tokens: list[int] = json.loads(done.stdout.splitlines()[-1])
    return tokens


def _page() -> Image.Image:
    page = Page(224, 112)
    page.text(8, 12, "Invoice 4711", load_font("Roboto-Regular", 24))
    return page.image
