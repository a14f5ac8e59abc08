"""The public sets there are adapters for: where they are, under which licence, and how their columns become a dialogue.

Licences and columns are from notes about the sets, not from their cards of today: look there before you publish.
``redistributable`` is false where no licence is known or its terms reach further than ours: those rows may be
downloaded and trained on, but are never uploaded from here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..ocr_mix.prompts import FORMULA, HANDWRITTEN, TABLE_HTML, TEXT

Columns = Mapping[str, Any]
Turn = tuple[str, str]
"""A question and its answer."""


@dataclass(frozen=True)
class HubSet:
    """A public set.

    Args:
        id: on the Hub.
        licence: as on its card; ``"unknown"`` if it has none.
        columns: those that are read; pictures first.
        turns: (row, number) → the dialogue; empty if the row has no answer.
        task: what its rows ask for.
        config: of the set.
        split: of the set.
        redistributable: whether rows may be passed on.
    """

    id: str
    licence: str
    columns: tuple[str, ...]
    turns: Callable[[Columns, int], Sequence[Turn]]
    task: str
    config: str | None = None
    split: str = "train"
    redistributable: bool = True

    @property
    def pictures(self) -> str:
        """The column with the picture, or the list of them."""
        return self.columns[0]


def find_set(name: str) -> HubSet:
    """A set by its name here.

    Raises:
        ValueError: there is none of that name; the message lists those there are.
    """
    if name not in SETS:
        raise ValueError(f"there is no set {name!r}; choose from {', '.join(SETS)}")
    return SETS[name]


def _read(prompts: Sequence[str], column: str, row: Columns, number: int) -> list[Turn]:
    """One of our prompts, and the column's text."""
    return [(prompts[number % len(prompts)], row[column])] if row[column] else []


def _synthdog(prompts: Sequence[str], row: Columns, number: int) -> list[Turn]:
    text = json.loads(row["ground_truth"]).get("gt_parse", {}).get("text_sequence", "")
    return [(prompts[number % len(prompts)], text)] if text else []


def _chartqa(row: Columns, number: int) -> list[Turn]:
    answers = row["label"]
    return [(row["query"], ", ".join(answers))] if answers else []


def _cauldron(row: Columns, number: int) -> list[Turn]:
    return [(turn["user"], turn["assistant"]) for turn in row["texts"]]


def _conversations(row: Columns, number: int) -> list[Turn]:
    """LLaVA's form: human and gpt in turn, ``<image>`` where a picture goes."""
    said = [turn["value"].replace("<image>", "").strip() for turn in row["conversations"]]
    return list(zip(said[::2], said[1::2], strict=False))


def _cosyn(row: Columns, number: int) -> list[Turn]:
    pairs = row["qa_pairs"]
    return list(zip(pairs["question"], pairs["answer"], strict=True))


_CAULDRON = partial(HubSet, "HuggingFaceM4/the_cauldron", "mixed, see its card", ("images", "texts"), _cauldron)
_ONEVISION = partial(
    HubSet,
    "lmms-lab/LLaVA-OneVision-Data",
    "apache-2.0 as a whole, parts differ",
    ("image", "conversations"),
    _conversations,
    redistributable=False,
)
_COSYN = partial(HubSet, "allenai/CoSyn-400K", "odc-by", ("image", "qa_pairs"), _cosyn)
_HTML = ("Write the HTML of this web page.", "Give the page's HTML code.")

SETS: dict[str, HubSet] = {
    "iam-line": HubSet(
        "Teklia/IAM-line", "mit", ("image", "text"), partial(_read, HANDWRITTEN["en"], "text"), "handwritten"
    ),
    "latex-ocr": HubSet(
        "linxy/LaTeX_OCR", "apache-2.0", ("image", "text"), partial(_read, FORMULA["en"], "text"), "formula", "full"
    ),
    "websight": HubSet(
        "HuggingFaceM4/WebSight", "cc-by-4.0", ("image", "text"), partial(_read, _HTML, "text"), "web", "v0.2"
    ),
    "synthdog-en": HubSet(
        "naver-clova-ix/synthdog-en",
        "unknown",
        ("image", "ground_truth"),
        partial(_synthdog, TEXT["en"]),
        "recognition",
        redistributable=False,
    ),
    "synthdog-zh": HubSet(
        "naver-clova-ix/synthdog-zh",
        "unknown",
        ("image", "ground_truth"),
        partial(_synthdog, TEXT["zh"]),
        "recognition",
        redistributable=False,
    ),
    "chartqa": HubSet(
        "HuggingFaceM4/ChartQA", "gpl-3.0", ("image", "query", "label"), _chartqa, "chart", redistributable=False
    ),
    "iiit5k": _CAULDRON("scene", "iiit5k", redistributable=False),
    "chart2text": _CAULDRON("chart", "chart2text", redistributable=False),
    "rendered-text": _CAULDRON("recognition", "rendered_text", redistributable=False),
    "pubtabnet": HubSet(
        "apoidea/pubtabnet-html",
        "cdla-permissive-1.0",
        ("image", "html_table"),
        partial(_read, TABLE_HTML["en"], "html_table"),
        "table",
    ),
    "hme100k": _ONEVISION("formula", "hme100k"),
    "chrome-writing": _ONEVISION("handwritten", "chrome_writting"),
    "ai2d": _ONEVISION("science", "ai2d(gpt4v)"),
    "iconqa": _ONEVISION("science", "IconQA(MathV360K)"),
    "clevr-math": _ONEVISION("science", "CLEVR-Math(MathV360K)"),
    "tabmwp": _ONEVISION("table", "TabMWP(MathV360K)"),
    "figureqa": _ONEVISION("chart", "FigureQA(MathV360K)"),
    "mapqa": _ONEVISION("chart", "MapQA(MathV360K)"),
    "geoqa": _ONEVISION("geometry", "GeoQA+(MathV360K)"),
    "geometry3k": _ONEVISION("geometry", "Geometry3K(MathV360K)"),
    "unigeo": _ONEVISION("geometry", "UniGeo(MathV360K)"),
    "geo170k": _ONEVISION("geometry", "geo170k(qa)"),
    "cosyn-chart": _COSYN("chart", "chart"),
    "cosyn-document": _COSYN("document", "document"),
}
