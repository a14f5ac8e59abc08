"""Where a new model may be written: never over what it is made from."""

from pathlib import Path

from fcotvl_hf.command import UsageError


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
