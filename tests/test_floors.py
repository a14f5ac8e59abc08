"""Imports only go down: fcotvl_hf → dataset_builders → eval_harness → modeling, and everyone but modeling → io, cost.

``modeling/`` travels into model repositories, so it imports public names of transformers and its own files, flat.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import transformers

ROOT = Path(__file__).parents[1]
FLOORS = {"modeling": 1, "eval_harness": 2, "dataset_builders": 3, "fcotvl_hf": 4}
GROUND = ("fcotvl_hf.io", "fcotvl_hf.cost")
DOCUMENTED = {"transformers.initialization", "transformers.modeling_outputs", "transformers.utils"}
FILES = [file for folder in FLOORS for file in sorted((ROOT / folder).rglob("*.py"))]


def _name(file: Path) -> str:
    """The module's name as installed."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == "fcotvl_hf" else ("fcotvl_hf", *parts))


def _imports(file: Path) -> Iterator[tuple[str, str | None]]:
    """(module, name) of each import in a file; the name is None for ``import module``."""
    package = _name(file).removesuffix(".__init__") if file.name == "__init__.py" else _name(file).rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*home, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def _floor(module: str) -> int:
    if module.startswith(GROUND):
        return 0
    parts = module.split(".")
    return FLOORS.get(parts[1], FLOORS["fcotvl_hf"]) if len(parts) > 1 else FLOORS["fcotvl_hf"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_down(file: Path) -> None:
    own = _floor(_name(file))
    for module, name in _imports(file):
        if module.split(".")[0] != "fcotvl_hf":
            continue
        target = f"{module}.{name}" if module == "fcotvl_hf" and name else module
        assert _floor(target) <= own, f"{_name(file)} may not import {target}"
        if own == FLOORS["modeling"]:
            assert _floor(target) == own, f"{_name(file)} may not import {target}"


@pytest.mark.parametrize("file", sorted((ROOT / "modeling").glob("*.py")), ids=lambda file: file.name)
def test_modeling_uses_public_transformers_and_flat_imports(file: Path) -> None:
    public = set(dir(transformers))
    for module, name in _imports(file):
        if module == "transformers":
            assert name in public or f"transformers.{name}" in DOCUMENTED, f"{name} is not public in transformers"
        elif module.startswith("transformers."):
            assert module in DOCUMENTED, f"{module} is internal to transformers"
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1 and node.module and "." not in node.module, "only `from .file import name`"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_library_does_not_print(file: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    assert not [call.lineno for call in calls if isinstance(call, ast.Name) and call.id == "print"]


def test_spaces_is_no_package() -> None:
    assert not list((ROOT / "spaces").rglob("__init__.py"))
