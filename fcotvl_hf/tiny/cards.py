"""Tables and model cards of the packaged models, made from the file that ``score_tiny`` writes; nothing typed in."""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from fcotvl_hf.hub.cards import serving_section, use_section
from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.marks import fill_marked

from .commands import read_commands

_TASKS = ("tiny-recognition", "tiny-table", "tiny-chart", "tiny-lookup")
_SETS = ("fresh", "plain words", "unseen fonts", "unseen strings", "shuffled")
MARK = "scores"
"""What a README has its tables between, see ``fcotvl_hf.io.marks``."""
_SETS_CAPTION = (
    "Mean score, and 1 − CER of recognition over all characters, on other pages: *plain words* are easy pages of text\n"
    "alone; *shuffled* gives each question another question's page, so what is left is guessed without reading:"
)
_RULE = "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"


def results_table(scores: Mapping[str, Any]) -> str:
    """Every model on the fresh pages: tokens, score per task, mean, what is kept, difference to the teacher.

    Args:
        scores: content of ``scores.json``.
    """
    lines = ["| model | visual tokens | recognition | tables | charts | look-up | score | kept | difference |", _RULE]
    for name, sets in scores["models"].items():
        fresh = sets["fresh"]
        cells = [f"{fresh['tokens_per_image']:.1f}", *(f"{fresh['tasks'][task]['score']:.3f}" for task in _TASKS)]
        low, high = fresh["difference"]
        difference = f"{low:+.3f} … {high:+.3f}" if (low, high) != (0, 0) else "–"
        cells += [f"{fresh['score']:.3f}", f"{fresh['retention']:.1%}", difference]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def sets_table(scores: Mapping[str, Any]) -> str:
    """The packaged models on each set of questions: mean score, and 1 − CER over all characters of recognition.

    Args:
        scores: content of ``scores.json``.
    """
    lines = [f"| model | {' | '.join(_SETS)} |", f"| --- {'| ---: ' * len(_SETS)}|"]
    for name in PACKAGED:
        sets = scores["models"][name]
        shown = (f"{sets[part]['score']:.3f} ({_one_minus_cer(sets[part]):.3f})" for part in _SETS)
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def write_cards(assets: Path, scores: Mapping[str, Any]) -> None:
    """Write ``scores.json``, and ``README.md`` into each packaged model's folder.

    Args:
        assets: holds the folders.
        scores: content of ``scores.json``.
    """
    atomic_write(assets / "scores.json", json.dumps(scores, indent=1) + "\n")
    template = str(resources.files("fcotvl_hf.hub") / "templates" / "tiny.md.j2")
    for name, folder in PACKAGED.items():
        config = json.loads((assets / folder / "config.json").read_text())
        data = ModelCardData(
            license="apache-2.0",
            library_name="transformers",
            pipeline_tag="image-text-to-text",
            language="en",
            tags=["custom_code", "fcot-vl", "visual-token-compression", "ocr"],
        )
        card = ModelCard.from_template(
            data,
            template_path=template,
            name=folder,
            stride=config["compressor_stride"],
            tokens=config["image_seq_length"],
            settings=scores["settings"],
            results=results_table(scores),
            sets=sets_table(scores),
            commands=read_commands(assets / folder),
            curves=sorted(path.name for path in (assets / folder).glob("*.png")),
            use=use_section(f"fcotvl_hf/assets/{folder}"),
            serving=serving_section(f"fcotvl_hf/assets/{folder}"),
            teacher=name == "tiny",
        )
        card.save(assets / folder / "README.md")


def fill_readme(path: Path, scores: Mapping[str, Any]) -> None:
    """Put the tables between the two marks in a Markdown file.

    Args:
        path: a file with the marks.
        scores: content of ``scores.json``.

    Raises:
        ValueError: the marks are not there.
    """
    fill_marked(path, MARK, f"{results_table(scores)}\n\n{_SETS_CAPTION}\n\n{sets_table(scores)}")


def as_points(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Kind, name, tokens and score of every model, for the plot."""
    return [
        {
            "kind": entry["kind"],
            "label": name.partition(",")[0] if entry["kind"] == "baseline" else name,
            **{key: entry["fresh"][key] for key in ("tokens_per_image", "score")},
        }
        for name, entry in scores["models"].items()
    ]


def _one_minus_cer(figures: Mapping[str, Any]) -> float:
    value: float = figures["tasks"]["tiny-recognition"]["corpus_one_minus_cer"]
    return value
