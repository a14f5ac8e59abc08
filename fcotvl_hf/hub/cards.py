"""Model cards that say only what is known: templates in ``templates/``, filled by the code that made the model."""

from importlib import resources
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from transformers import PreTrainedConfig

from fcotvl_hf.io.repo_folder import PLACEHOLDER

from .names import PACKAGED

UNMEASURED = "This card was written by the training run. Nothing has been measured yet; do not expect it to read well."
"""Stands in the card of a training run until scores are put there."""


def checkpoint_card(
    config: PreTrainedConfig,
    *,
    name: str,
    stage: str,
    steps: int,
    tags: list[str],
    datasets: list[str],
    settings: dict[str, Any],
) -> ModelCard:
    """The card of a training run's output.

    Args:
        config: of the trained model.
        name: title of the card.
        stage: what the training was.
        steps: optimizer steps done.
        tags: Hub tags.
        datasets: Hub ids of the training data.
        settings: other figures worth telling, name → value.
    """
    facts = {"stage": f"{stage}, {steps} optimizer steps", **settings}
    return model_card(
        config, config.name_or_path, name=name, note=UNMEASURED, facts=facts, tags=tags, datasets=datasets
    )


def model_card(
    config: PreTrainedConfig,
    origin: str | None,
    *,
    name: str,
    note: str,
    facts: dict[str, Any] | None = None,
    tags: list[str] | None = None,
    datasets: list[str] | None = None,
) -> ModelCard:
    """The card of any model folder of ours.

    Args:
        config: of the model.
        origin: what it was made from, if known; named as base model if it is a Hub id.
        name: title of the card.
        note: how it was made and what to expect.
        facts: figures worth telling, name → value.
        tags: Hub tags beside ``custom_code``.
        datasets: Hub ids of the training data.
    """
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="image-text-to-text",
        tags=["custom_code", *(tags or ["fcot-vl"])],
        datasets=datasets or None,
        base_model=origin if origin and origin not in PACKAGED and not Path(origin).exists() else None,
    )
    return ModelCard.from_template(
        data,
        template_path=str(resources.files("fcotvl_hf.hub") / "templates" / "model.md.j2"),
        name=name,
        note=note,
        facts=facts,
        tokens=config.image_seq_length,
        stride=config.compressor_stride,
        use=use_section(PLACEHOLDER),
        serving=serving_section(PLACEHOLDER),
    )


def use_section(model: str) -> str:
    """The part of a card that tells how to load the model and ask it.

    Args:
        model: folder or Hub id to write into the code.
    """
    return _section("use.md", model)


def serving_section(model: str) -> str:
    """The part of a card that tells how to serve the model.

    Args:
        model: folder or Hub id to write into the commands.
    """
    return _section("serving.md", model)


def _section(template: str, model: str) -> str:
    section = (resources.files("fcotvl_hf.hub") / "templates" / template).read_text(encoding="utf-8")
    return section.replace(PLACEHOLDER, model).rstrip()
