"""Whether the packages of the extra ``data`` are there, asked before any work."""

from collections.abc import Iterable
from importlib.util import find_spec

TYPESET = ("typst", "pylopdf_fonts_zh_cn")
"""What sets pages in Latin and Chinese type."""


def require(names: Iterable[str]) -> None:
    """See that packages are installed.

    Args:
        names: as they are imported.

    Raises:
        ValueError: some are not; the message says how to install them.
    """
    absent = [name for name in names if find_spec(name) is None]
    if absent:
        raise ValueError(f"these pages need {', '.join(absent)}: pip install 'fcotvl-hf[data]'")
