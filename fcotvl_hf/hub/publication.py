"""The card of a model that is published: what its folder's card says, completed by what is known by now.

A section that the card has is kept, for somebody may have written it; scores and costs that are given replace theirs.
Figures of the paper stand apart, marked as such, and never in the metadata that leaderboards read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard

from fcotvl_hf.cost.report import Cost, cost_of
from fcotvl_hf.cost.shapes import SHAPES, Shape
from fcotvl_hf.cost.table import BYTES, DECIMAL, with_unit
from fcotvl_hf.eval_harness.publish import add_to_card
from fcotvl_hf.eval_harness.results import read_results
from fcotvl_hf.evaluation.paper import TABLE_1, TABLE_1_KEPT, TABLE_6, TASKS, paper_speedups
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.io.repo_folder import README
from fcotvl_hf.merging.card import merge_section

from .cards import UNMEASURED, serving_section, use_section
from .sections import body, join, render, split

MERGE = "merge.json"
_TEXT_TOKENS = 80
"""Of the prompt for which costs are counted; as of ``fcotvl tokens``."""


@dataclass(frozen=True)
class Publication:
    """What a folder does not say about its model.

    Args:
        repo_id: where it is going to be.
        licence: of the weights, as the Hub writes licences; the card's own by default.
        base_model: Hub id of what it was made from; the card's own by default.
        scores: folder with ``results.json``, from ``fcotvl eval``.
        comparison: folder with ``comparison.json``, from ``fcotvl eval --compare``.
        bench: file from ``fcotvl bench``.
    """

    repo_id: str
    licence: str | None = None
    base_model: str | None = None
    scores: Path | None = None
    comparison: Path | None = None
    bench: Path | None = None


def complete_card(folder: Path, shape: Shape, about: Publication) -> None:
    """Complete ``README.md`` in a folder, and write ``.eval_results`` beside it if there are scores.

    Args:
        folder: the repository as far as it is written.
        shape: of the model.
        about: what else is known.

    Raises:
        OSError: the card, or a file of ``about``, is not there.
        ValueError: one of them is no such file.
    """
    name = about.repo_id.partition("/")[2]
    card = ModelCard.load(folder / README)
    _complete_metadata(card, name, folder, about)
    sections = split(card.text)
    if about.scores or about.comparison or card.data.get("eval_results"):
        sections[""] = sections[""].replace(UNMEASURED, "").strip()
    new = _new_sections(card, folder, shape, about)
    sections |= {heading: text for heading, (text, replaces) in new.items() if replaces or heading not in sections}
    sections[""] = re.sub(r"\A# .*", f"# {name}", sections[""])
    card.text = join({heading: sections[heading] for heading in _order(sections, list(new))})
    atomic_write(folder / README, str(card))
    if about.scores:
        results = read_results(about.scores)
        assert results is not None, "read before"
        add_to_card(folder, {**results, "model": name})


def paper_section(shape: Shape) -> str:
    """What the paper reports of a model of this shape, or nothing.

    Args:
        shape: of the model, at its stride.
    """
    compression = 1 - 1 / shape.compressor_stride
    name = next((name for name, known in SHAPES.items() if _alike(known, shape)), "")
    if compression not in TABLE_1.get(name, {}) or not compression:
        return ""
    return render(
        "paper.md.j2",
        model=name.replace("internvl2", "FCoT-VL").upper().replace("FCOT", "FCoT"),
        percent=f"{100 * compression:g}",
        tasks=TASKS,
        teacher=TABLE_1[name][0.0],
        student=TABLE_1[name][compression],
        kept=TABLE_1_KEPT[name][compression],
        speedups=paper_speedups(name, compression),
        settings=TABLE_6,
    )


def _alike(one: Shape, other: Shape) -> bool:
    sizes = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    return all(getattr(one.text_config, size) == getattr(other.text_config, size) for size in sizes)


def _complete_metadata(card: ModelCard, name: str, folder: Path, about: Publication) -> None:
    data = card.data
    if data.get("eval_results"):
        data["model_name"] = name  # so far it was a folder's
    data["license"] = about.licence or data.get("license")
    data["base_model"] = about.base_model or data.get("base_model")
    if data["base_model"]:
        data["base_model_relation"] = "merge" if (folder / MERGE).is_file() else "finetune"
    data["tags"] = list(dict.fromkeys([*(data.get("tags") or []), "visual-token-compression", "ocr"]))


def _new_sections(card: ModelCard, folder: Path, shape: Shape, about: Publication) -> Mapping[str, tuple[str, bool]]:
    """Heading → text, and whether it replaces what the card has under that heading; in the order of the card.

    How to use a model is always written anew: the card of a run does not know yet where the model will be.
    """
    bench = _measured(about.bench, "fcotvl bench") if about.bench else None
    told = {"licence": card.data["license"], "base": card.data["base_model"], "version": version("fcotvl-hf")}
    licence = render("licence.md.j2", **told)
    limits = render("limits.md.j2", stride=shape.compressor_stride, tokens=shape.image_seq_length, tile=shape.tile_size)
    return {
        "Use it": (body(use_section(about.repo_id)), True),
        "Serve it": (body(serving_section(about.repo_id)), True),
        "Scores": (_scores(about), bool(about.scores or about.comparison)),
        "Efficiency": (_efficiency(shape, bench), bench is not None),
        "Reported in the paper": (paper_section(shape), True),
        "Training": (_training(card, folder), False),
        "Merge": (_merge(card, folder), False),
        "Limits": (limits, False),
        "Licence": (licence, True),
    }


def _order(sections: Mapping[str, str], ours: Sequence[str]) -> list[str]:
    """Our headings in their order; those of the card's own come before what ends every card."""
    *first, limits, licence = ours
    own = [heading for heading in sections if heading and heading not in ours]
    return ["", *first, *own, limits, licence]


def _scores(about: Publication) -> str:
    compared = about.comparison / "comparison.json" if about.comparison else None
    rows = _measured(compared, "fcotvl eval --compare")["rows"] if compared else []
    results = read_results(about.scores) if about.scores else None
    if about.scores and results is None:
        raise FileNotFoundError(f"{about.scores} holds no results.json; give a folder that fcotvl eval wrote")
    return render("scores.md.j2", rows=rows, results=results)


def _measured(path: Path, command: str) -> dict[str, Any]:
    """What a command left in a file."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}; give what {command} wrote")
    return read_json(path)


def _efficiency(shape: Shape, bench: Mapping[str, Any] | None) -> str:
    strides = dict.fromkeys([1, shape.compressor_stride])
    names = {1: "uncompressed" if shape.compressor_stride > 1 else "this model", shape.compressor_stride: "this model"}
    tiles = shape.max_tiles + 1
    costs = {names[stride]: _told(cost_of(shape.at_stride(stride), tiles, _TEXT_TOKENS)) for stride in strides}
    return render("efficiency.md.j2", tiles=tiles, text_tokens=_TEXT_TOKENS, costs=costs, bench=bench)


def _told(cost: Cost) -> list[str]:
    flops = [with_unit(amount, 1000, DECIMAL) for amount in (cost.language_flops, cost.vision_flops)]
    return [f"{cost.visual_tokens:,}", with_unit(cost.kv_bytes, 1024, BYTES), *flops]


def _training(card: ModelCard, folder: Path) -> str:
    """Curves that the card does not show yet."""
    merged = {"seesaw.png", "shapley.png"}
    curves = sorted(path.name for path in folder.glob("*.png") if path.name not in merged)
    return "\n\n".join(f"![{name}]({name})" for name in curves if f"({name})" not in card.text)


def _merge(card: ModelCard, folder: Path) -> str:
    path = folder / MERGE
    if not path.is_file() or MERGE in card.text:
        return ""
    return merge_section(folder, read_json(path))
