"""The model card of a merge: what went in, with which weights, and what it scored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from fcotvl_hf.io.json_object import read_json

SEESAW, CHART = "seesaw.png", "shapley.png"


def merge_card(folder: Path, name: str, report: Mapping[str, Any], origin: str | None) -> ModelCard:
    """The card of a folder that holds a merge.

    Args:
        folder: the merge, with its configuration and plots.
        name: title of the card.
        report: the content of ``merge.json``.
        origin: Hub id of the base, if it has one.
    """
    section = merge_section(folder, report)
    config = folder / "config.json"
    if config.is_file() and read_json(config).get("model_type") == "fcotvl":
        from fcotvl_hf.hub.cards import model_card  # transformers takes seconds to import
        from fcotvl_hf.hub.configs import load_config

        return model_card(load_config(str(folder)), origin, name=name, note=section, tags=["fcot-vl", "merge"])
    data = ModelCardData(library_name="transformers", tags=["merge"], base_model=origin)
    return ModelCard(f"---\n{data.to_yaml()}\n---\n\n# {name}\n\n{section}\n")


def merge_section(folder: Path, report: Mapping[str, Any]) -> str:
    """Markdown: the merge's method, table of inputs, scores and pictures.

    Args:
        folder: where the pictures are.
        report: the content of ``merge.json``.
    """
    scores, phi = report.get("scores", {}), report.get("phi")
    tasks = list(next(iter(scores.values()), {}))
    count = len(report["checkpoints"])
    lines = [
        f"A merge of {count} checkpoint{'s' if count > 1 else ''} by **{report['method']}** "
        f"(base: `{Path(report['base']).name}`). `merge.json` has the whole account.",
        "",
        "| | sha256 | weight |" + (" φ |" if phi else "") + "".join(f" {task} |" for task in tasks),
        "| --- | --- | ---: |" + (" ---: |" if phi else "") + " ---: |" * len(tasks),
    ]
    names = [name for name in scores if name not in ("base", "merge")]
    for number, entry in enumerate(report["checkpoints"]):
        cells = [f"`{Path(entry['path']).name}`", f"`{entry['sha256'][:12]}`", f"{report['weights'][number]:.4f}"]
        cells += [f"{phi[number]:+.4f}"] if phi else []
        cells += _cells(scores[names[number]], tasks) if scores else []
        lines.append(_row(cells))
    for label in ("base", "merge"):
        if label in scores:
            lines.append(_row([label, "", "", *([""] if phi else []), *_cells(scores[label], tasks)]))
    if tasks:
        lines += ["", "Scores are on what weights were chosen by, not on unseen pages."]
    for picture, text in ((SEESAW, "Score of each checkpoint and of the merge"), (CHART, "Shapley values")):
        if (folder / picture).is_file():
            lines += ["", f"![{text}]({picture})"]
    return "\n".join(lines)


def _cells(scores: Mapping[str, float], tasks: list[str]) -> list[str]:
    return [f"{scores[task]:.3f}" for task in tasks]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
