"""The repository of a metric: a Space from which ``evaluate.load("owner/name")`` takes ``name.py``.

The Space itself is a static page: evaluate's own widget does not run on today's gradio.
https://huggingface.co/docs/evaluate/creating_and_sharing
"""

import ast
import shutil
from html import escape
from importlib.metadata import version
from pathlib import Path

from huggingface_hub import SpaceCard, SpaceCardData

from fcotvl_hf.eval_harness.metrics.evaluate_info import module_path
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.repo_folder import README

from .sections import render


def metric_folder(name: str) -> Path:
    """The folder of an ``evaluate`` module.

    Args:
        name: a folder with a file of its name, or one of our modules.

    Raises:
        ValueError: it is neither.
    """
    folder = Path(name)
    if (folder / f"{folder.resolve().name}.py").is_file():
        return folder.resolve()
    if folder.is_dir():
        raise ValueError(f"{name} is no metric: there is no {folder.resolve().name}.py in it")
    return Path(module_path(name))


def write_metric(source: Path, out: Path, repo_id: str) -> None:
    """Write a metric's repository.

    Args:
        source: folder of the module.
        out: an empty folder.
        repo_id: where it is going to be; its name is the module's.

    Raises:
        ValueError: the names differ, or the module has no docstring.
    """
    name = source.name
    if repo_id.partition("/")[2] != name:
        owner = repo_id.partition("/")[0]
        raise ValueError(f"evaluate loads a metric by the name of its file: call the repository {owner}/{name}")
    description = ast.get_docstring(ast.parse((source / f"{name}.py").read_text(encoding="utf-8")))
    if not description:
        raise ValueError(f"{source / name}.py has no docstring to tell what it measures")
    shutil.copyfile(source / f"{name}.py", out / f"{name}.py")
    atomic_write(out / "requirements.txt", "fcotvl-hf\nevaluate\n")
    data = SpaceCardData(
        title=name, sdk="static", app_file="index.html", license="apache-2.0", tags=["evaluate", "metric"]
    )
    told = {"name": name, "repo_id": repo_id, "version": version("fcotvl-hf")}
    text = render("metric.md.j2", description=description, **told)
    SpaceCard(f"---\n{data.to_yaml()}\n---\n\n{text}\n").save(out / README)
    atomic_write(out / "index.html", render("metric.html.j2", description=escape(description), **told) + "\n")
