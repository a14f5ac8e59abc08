"""What users call models: a packaged name, a folder or a Hub id. Light: nothing here imports torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from fcotvl_hf.command import UsageError

PACKAGED = {"tiny": "fcot-vl-tiny", "tiny-50": "fcot-vl-tiny-50", "tiny-75": "fcot-vl-tiny-75"}
"""Short names of the models inside the package → their folders in ``fcotvl_hf/assets``."""


def resolve_model(name: str) -> str:
    """Turn what a user calls a model into what ``from_pretrained`` takes.

    Args:
        name: ``tiny``, ``tiny-50``, ``tiny-75`` (``./tiny`` names a folder), a folder, or a Hub id (``user/model``).

    Returns:
        The packaged folder's path, or ``name`` itself.

    Raises:
        FileNotFoundError: it looks like a path, or like nothing at all, and no such folder exists.
    """
    if name in PACKAGED:
        return str(resources.files("fcotvl_hf") / "assets" / PACKAGED[name])
    if name and Path(name).is_dir():
        return name
    looks_like_path = name.startswith((".", "/", "~", "\\")) or name.count("/") != 1 or name.endswith("/")
    if looks_like_path:
        names = ", ".join(PACKAGED)
        raise FileNotFoundError(f"no model at {name}; give a model folder, a Hub id (user/model) or one of {names}")
    return name


def local_folder(name: str, patterns: list[str]) -> Path:
    """The folder of a model on this machine; of a Hub id, what is wanted is downloaded into the cache.

    Args:
        name: see ``resolve_model``.
        patterns: which files to download.

    Raises:
        OSError: there is no such model.
    """
    path = Path(resolve_model(name))
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download

    with asking_hub(name):
        return Path(snapshot_download(name, allow_patterns=patterns))


@contextmanager
def asking_hub(name: str) -> Iterator[None]:
    """Let the Hub's errors say which model was wanted, for its name may be a misspelt folder's.

    Args:
        name: a folder, whose errors pass as they are, or a Hub id.

    Raises:
        OSError: the Hub did not give what was asked for.
    """
    try:
        yield
    except OSError as error:
        if Path(name).is_dir():
            raise
        raise OSError(f"there is no folder {name}, and the Hub does not give it: {error}") from error


def shown_name(name: str) -> str:
    """What to call a model where others read it: of a folder its own name, not where it lies on this machine."""
    return Path(name).resolve().name if Path(name).is_dir() else name


def check_output(out: Path, source: str) -> None:
    """Refuse to replace the source, or a folder around it, by its own copy.

    Args:
        out: the folder to write.
        source: the folder that is read; a Hub id is none and passes.

    Raises:
        UsageError: ``out`` is the source's folder or holds it.
    """
    folder = Path(source)
    if folder.is_dir() and folder.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"{out} would replace {source}, which it is made from; choose another folder")
