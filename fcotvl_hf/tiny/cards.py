"""Tables and model cards of the packaged models, made from the file that ``score_tiny`` writes; nothing typed in."""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from fcotvl_hf.eval_harness.lead import spent
from fcotvl_hf.hub.cards import serving_section, use_section
from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.marks import fill_marked

from .commands import read_commands
from .rivalry import best_rivals, shown_rivals, trained

_TASKS = ("tiny-recognition", "tiny-table", "tiny-chart", "tiny-lookup")
_SETS = ("fresh", "plain words", "unseen fonts", "unseen strings", "shuffled")
SCORES, HEADLINE = "scores", "headline"
"""What a README has its tables and its headline between, see ``fcotvl_hf.io.marks``."""
_SHOWN_RIVALS = 3
"""Of each student; ``docs/results.md`` has all."""
_RESULTS_CAPTION = (
    "Score: mean of the four tasks, 0 to 1. Kept: mean over the tasks of score / teacher's score. Of the\n"
    "untrained rivals the best {count} of each size are shown; some spend more tokens than the student."
)
_SETS_CAPTION = (
    "Mean score on other pages: *plain words* are easy pages of text alone; *shuffled* gives each question another\n"
    "question's page, so what is left is guessed without reading:"
)
_RULE = "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"


def headline(scores: Mapping[str, Any]) -> str:
    """What came out, in two sentences, with what was measured and what was not.

    Args:
        scores: content of ``scores.json``.
    """
    models, settings = scores["models"], scores["settings"]
    half, quarter = (models[name]["fresh"] for name in ("tiny-50", "tiny-75"))
    rivals = [f"{models[name]['fresh']['retention']:.1%}" for name in best_rivals(models)]
    pages = settings["per_task"] * len(settings["seeds"])
    return (
        f"*Tiny models on drawn pages that they never saw, {pages} of each task: with half the visual tokens "
        f"**{half['retention']:.1%}** of the teacher's score are kept, with a quarter **{quarter['retention']:.1%}**; "
        f"the best rivals that spend as few and learn nothing keep {' and '.join(rivals)}. "
        "InternVL2 itself was not measured here.*"
    )


def results_table(scores: Mapping[str, Any]) -> str:
    """Trained models and the best rivals on the fresh pages: tokens, score per task, mean, what is kept, difference.

    Args:
        scores: content of ``scores.json``.
    """
    models = scores["models"]
    lines = ["| model | visual tokens | recognition | tables | charts | look-up | score | kept | difference |", _RULE]
    for name in [*trained(models), *shown_rivals(models, _SHOWN_RIVALS)]:
        fresh = models[name]["fresh"]
        cells = [spent(fresh), *(f"{fresh['tasks'][task]['score']:.3f}" for task in _TASKS)]
        low, high = fresh["difference"]
        difference = f"{low:+.3f} … {high:+.3f}" if (low, high) != (0, 0) else "–"
        cells += [f"{fresh['score']:.3f}", f"{fresh['retention']:.1%}", difference]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _RESULTS_CAPTION.format(count=_SHOWN_RIVALS)])


def sets_table(scores: Mapping[str, Any]) -> str:
    """The packaged models' mean score on each set of questions.

    Args:
        scores: content of ``scores.json``.
    """
    lines = [f"| model | {' | '.join(_SETS)} |", f"| --- {'| ---: ' * len(_SETS)}|"]
    for name in PACKAGED:
        shown = (f"{scores['models'][name][part]['score']:.3f}" for part in _SETS)
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
        config = json.loads((assets / folder / "config.json").read_text(encoding="utf-8"))
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
    """Put headline and tables between their marks in a Markdown file.

    Args:
        path: a file with the marks of both.
        scores: content of ``scores.json``.

    Raises:
        ValueError: marks are not there.
    """
    fill_marked(path, HEADLINE, headline(scores))
    fill_marked(path, SCORES, f"{results_table(scores)}\n\n{_SETS_CAPTION}\n\n{sets_table(scores)}")


def as_points(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Kind, name, tokens and score of every model, for the plot."""
    return [
        {
            "kind": entry["kind"],
            "label": name.partition(",")[0] if entry["kind"] == "baseline" else name,
            **{key: entry["fresh"][key] for key in ("tokens_over_layers", "score")},
        }
        for name, entry in scores["models"].items()
    ]
