"""Where the files of the Space are: beside the package's own, or in the repository that it is installed from."""

from pathlib import Path

import fcotvl_hf


def space_folder(name: str = "compression_lab") -> Path:
    """A folder that can be uploaded as a Space, as soon as its requirements name a wheel that can be fetched.

    Args:
        name: of the Space in ``spaces/``.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    package = Path(fcotvl_hf.__file__).parent
    for home in (package, package.parent):
        if (folder := home / "spaces" / name / "app.py").exists():
            return folder.parent
    raise FileNotFoundError(f"there is no Space {name} in this installation")
