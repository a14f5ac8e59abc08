"""The repository of a Space: its folder, and the wheel of this package if its requirements name it.

A Space installs its requirements before its files are there, so they name the wheel by its address.
https://huggingface.co/docs/hub/spaces-dependencies
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from huggingface_hub import SpaceCard, constants

import fcotvl_hf
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.repo_folder import README, check_folder, name_card, stage

REQUIREMENTS = "requirements.txt"
STALE = ("*.whl",)
"""Wheels of earlier versions."""
_OURS = re.compile(r"^fcotvl[-_]hf(\[[^]]*\])?[^\n]*$", re.MULTILINE | re.IGNORECASE)


def space_folder(path: str) -> Path:
    """The folder of a Space.

    Args:
        path: the folder itself, or the name of a Space that comes with this package: ``compression_lab``.
    """
    package = Path(fcotvl_hf.__file__).parent
    ours = (home / "spaces" / path for home in (package, package.parent))  # installed, or in the repository
    return next((folder for folder in (Path(path), *ours) if folder.is_dir()), Path(path))


def write_space(source: Path, out: Path, repo_id: str, wheel: Path | None = None) -> None:
    """Write a Space's repository.

    Args:
        source: its folder: card, requirements, app.
        out: an empty folder.
        repo_id: where it is going to be.
        wheel: of this package; built from the sources by default.

    Raises:
        OSError: there is no such folder, or no card in it.
        ValueError: the folder may not be published, its app is missing, or no wheel can be built.
    """
    stage(source, check_folder(source, "space").paths, out)
    app = SpaceCard.load(out / README).data.app_file
    if not (out / app).is_file():
        raise ValueError(f"{README} of {source} starts {app}, which is not there")
    name_card(out, repo_id)
    requirements = out / REQUIREMENTS
    text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
    if _OURS.search(text):
        carried = out / wheel.name if wheel else build_wheel(out)
        if wheel:
            shutil.copyfile(wheel, carried)
        url = f"{constants.ENDPOINT}/spaces/{repo_id}/resolve/main/{carried.name}"
        atomic_write(requirements, _OURS.sub(lambda match: f"fcotvl-hf{match.group(1) or ''} @ {url}", text))


def sdk_of(source: Path) -> str:
    """What runs a Space, as its card says.

    Args:
        source: its folder.

    Raises:
        OSError: there is no such folder, or no card in it.
        ValueError: the card is broken.
    """
    check_folder(source, "space")
    return str(SpaceCard.load(source / README).data.sdk)


def build_wheel(out: Path) -> Path:
    """Build this package's wheel from a copy of its sources, in which no earlier build has left anything.

    Args:
        out: folder to write it to.

    Raises:
        ValueError: this package was installed without its sources, or pip cannot build it.
    """
    root = Path(fcotvl_hf.__file__).parents[1]
    if not (root / "pyproject.toml").is_file():
        raise ValueError("fcotvl-hf is installed without its sources, so its wheel cannot be built; give --wheel FILE")
    with tempfile.TemporaryDirectory() as scratch:
        for name in _sources(root):
            if (root / name).is_dir():
                shutil.copytree(root / name, Path(scratch) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(root / name, Path(scratch) / name)
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(out), scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ValueError(f"the wheel cannot be built: {reason}; build it yourself and give --wheel FILE")
    return next(out.glob("*.whl"))


def _sources(root: Path) -> set[str]:
    """The files and folders of a checkout that the wheel is made of."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    folders = settings["tool"]["setuptools"]["package-dir"].values()
    project = settings["project"]
    return {"pyproject.toml", project["readme"], *project["license-files"], *(Path(name).parts[0] for name in folders)}
