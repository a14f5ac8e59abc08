"""What is installed is what is there, and importing the package costs nothing."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fcotvl_hf

ROOT = Path(__file__).parents[1]
SPACES = {f"fcotvl_hf.spaces.{app.parent.name}" for app in (ROOT / "spaces").glob("*/app.py")}
"""Folders of files that are installed, but are no packages of code."""


def test_every_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = ["fcotvl_hf", "modeling", "dataset_builders", "eval_harness"]
    found = [file.parent.relative_to(ROOT) for folder in folders for file in (ROOT / folder).rglob("__init__.py")]
    names = {".".join(path.parts if path.parts[0] == "fcotvl_hf" else ("fcotvl_hf", *path.parts)) for path in found}
    assert set(listed) == names | SPACES


def test_importing_the_package_imports_no_torch() -> None:
    program = (
        "import sys, fcotvl_hf, fcotvl_hf.cli\n"
        "fcotvl_hf.cli.make_parser().format_help()\n"
        "assert fcotvl_hf.__version__\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_public_names_load_lazily_and_are_listed() -> None:
    for name in fcotvl_hf.__all__:
        assert getattr(fcotvl_hf, name).__name__ == name
        assert name in dir(fcotvl_hf)
    assert fcotvl_hf.FCoTVLConfig is importlib.import_module("fcotvl_hf.modeling").FCoTVLConfig


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'fcotvl_hf' has no attribute 'nothing'"):
        _ = fcotvl_hf.nothing
