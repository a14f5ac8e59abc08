"""The data set's card: what it is, how it was made, under which licences, and what was counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from datasets import DatasetInfo, SplitDict, SplitInfo
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard, DatasetCardData

from fcotvl_hf.io.atomic import atomic_write

from .facts import Facts
from .preview import PREVIEW
from .shards import FEATURES

CARD = "README.md"
_SIZES = (("n<1K", 1_000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))


@dataclass(frozen=True)
class Source:
    """Where rows, or what they are made of, come from.

    Args:
        name: of a data set on the Hub, a package, a font …
        licence: its licence.
        note: what it is used for, or which revision.
        redistributable: false marks what may be downloaded, but not passed on.
    """

    name: str
    licence: str
    note: str = ""
    redistributable: bool = True


@dataclass(frozen=True)
class About:
    """What the card says.

    Args:
        name: of the data set, as a Hub id ends.
        title: of the card.
        description: a few sentences of Markdown.
        settings: seed, generator version, preset …: what the rows depend on. Two data sets that differ in them differ.
        command: the line that builds it.
        licence: of the rows, as the Hub writes licences.
        languages: codes, such as ``en``.
        tags: Hub tags.
        configs: configuration → what it is, one line.
        sources: what went in.
    """

    name: str
    title: str
    description: str
    settings: Mapping[str, Any]
    command: str
    licence: str = "apache-2.0"
    languages: Sequence[str] = ("en",)
    tags: Sequence[str] = ("synthetic", "ocr", "fcot-vl")
    configs: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[Source] = ()


def write_card(out: Path, about: About, totals: Mapping[tuple[str, str], Facts]) -> None:
    """Write ``README.md`` with the metadata by which ``load_dataset`` and the Hub find configurations and splits.

    Args:
        out: folder of the data set.
        about: what to say.
        totals: (configuration, split) → figures.
    """
    rows = sum(facts.rows for facts in totals.values())
    data = DatasetCardData(
        pretty_name=about.title,
        license=about.licence,
        language=list(about.languages),
        tags=list(about.tags),
        task_categories=["image-text-to-text", "image-to-text"],
        size_categories=[next((name for name, limit in _SIZES if rows < limit), "1M<n<10M")],
        configs=_configs(totals),
    )
    DatasetInfosDict({config: _info(config, totals) for config in _names(totals)}).to_dataset_card_data(data)
    card = DatasetCard.from_template(
        data,
        template_path=str(resources.files(__package__) / "templates" / "dataset.md.j2"),
        about=about,
        totals=totals,
        preview=f"{PREVIEW}.png",
        sheets=sorted(path.name for path in (out / PREVIEW).glob("*.png")),
        features=FEATURES,
        version=metadata.version("fcotvl-hf"),
    )
    atomic_write(out / CARD, str(card))


def _names(totals: Mapping[tuple[str, str], Facts]) -> list[str]:
    return list(dict.fromkeys(config for config, _ in totals))


def _configs(totals: Mapping[tuple[str, str], Facts]) -> list[dict[str, Any]]:
    files = {
        name: [{"split": split, "path": f"{config}/{split}-*.parquet"} for config, split in totals if config == name]
        for name in _names(totals)
    }
    return [{"config_name": name, "data_files": data_files} for name, data_files in files.items()]


def _info(config: str, totals: Mapping[tuple[str, str], Facts]) -> DatasetInfo:
    splits = SplitDict(dataset_name=config)
    for (name, split), facts in totals.items():
        if name == config:
            splits.add(SplitInfo(split, num_bytes=facts.image_bytes, num_examples=facts.rows))
    return DatasetInfo(config_name=config, features=FEATURES, splits=splits)
