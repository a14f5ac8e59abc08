"""Model cards that say only what is known: templates in ``templates/``, filled by the code that made the model."""

from importlib import resources
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from transformers import PreTrainedConfig


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
    origin = config.name_or_path
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="image-text-to-text",
        tags=["custom_code", *tags],
        datasets=datasets or None,
        base_model=origin if origin and not Path(origin).exists() else None,
    )
    return ModelCard.from_template(
        data,
        template_path=str(resources.files("fcotvl_hf.hub") / "templates" / "checkpoint.md.j2"),
        name=name,
        stage=stage,
        steps=steps,
        settings=settings,
        tokens=config.image_seq_length,
        stride=config.compressor_stride,
    )
