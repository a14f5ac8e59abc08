"""Settings, tokenizer and chat template of a native InternVL folder (``…-hf``, ``model_type: internvl``)."""

import logging
from pathlib import Path
from typing import Any

from PIL import Image
from transformers import PreTrainedTokenizerFast
from transformers.activations import ACT2FN

from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLImageProcessor, FCoTVLProcessor

from .chat_templates import BOS_LINE, CONVERSATIONS, build_chat_template
from .configuration import NORMS
from .settings import Settings, blamed_on
from .tokenizer import IMAGE_TOKENS, adds_bos

logger = logging.getLogger(__name__)

_NOT_OURS = ("model_type", "architectures", "auto_map", "transformers_version")

_PROBE = [
    {"role": "user", "content": [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "What?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "That."}]},
    {"role": "user", "content": "Why?"},
]
"""Two renderings of it are equal only if two templates agree on images, turns and the system prompt."""


def native_config(settings: dict[str, Any]) -> FCoTVLConfig:
    """A native configuration as a stride-1 FCoT-VL one.

    Args:
        settings: the content of ``config.json``.

    Raises:
        ValueError: a setting is of another type, ``image_seq_length`` contradicts the tile size, or the layer of the
            vision tower that is asked for does not exist.
    """
    for key in ("vision_config", "text_config"):
        Settings(settings, "config.json").section(key)
    with blamed_on("config.json"):
        config = FCoTVLConfig.from_dict({key: value for key, value in settings.items() if key not in _NOT_OURS})
    _check_settings(Settings(config.to_dict(), "config.json"))
    return config


def native_processor(folder: Path, config: FCoTVLConfig, system_prompt: str | None = None) -> FCoTVLProcessor:
    """The processor of a native folder, with BOS and answer marks in its chat template.

    Args:
        folder: with tokenizer, image processor and chat template.
        config: see ``native_config``.
        system_prompt: for the chat template, if it is one we know.

    Raises:
        ValueError: a file is missing or damaged, or a system prompt is given for a template that is not known.
    """
    tokenizer = _tokenizer(folder, config.image_token_id)
    processor = FCoTVLProcessor(
        _image_processor(folder), tokenizer, config.image_seq_length, chat_template=tokenizer.chat_template
    )
    processor.check_against(config)
    with blamed_on(f"the chat template in {folder}"):
        original = _render(processor, processor.chat_template)
    bos = tokenizer.bos_token or ""
    written = bos != "" and original.startswith(bos)
    with_bos = written or adds_bos(tokenizer)
    for name in CONVERSATIONS:
        if _render(processor, build_chat_template(name, with_bos=False)) == original.removeprefix(bos):
            processor.chat_template = build_chat_template(name, with_bos, system_prompt)
            return processor
    if system_prompt is not None:
        raise ValueError(f"{folder} has a chat template of its own; edit chat_template.jinja instead of --system")
    if with_bos and not written:
        processor.chat_template = BOS_LINE + processor.chat_template
    if "{% generation %}" not in processor.chat_template:
        logger.warning("%s: its chat template marks no answers; training needs {%% generation %%} around them", folder)
    return processor


def _check_settings(settings: Settings) -> None:
    """What transformers notices too late, or with an error that names no setting."""
    vision = settings.section("vision_config")
    vision.choice("hidden_act", ACT2FN)
    vision.choice("norm_type", NORMS)
    settings.section("text_config").choice("hidden_act", ACT2FN)
    settings.choice("projector_hidden_act", ACT2FN)
    settings.only("vision_feature_select_strategy", "default")
    layers = vision.whole("num_hidden_layers")
    if (layer := settings.content["vision_feature_layer"]) not in range(-layers - 1, layers + 1):
        raise ValueError(f"config.json: vision_feature_layer={layer} is none of the vision tower's {layers} layers")


def _tokenizer(folder: Path, image_token_id: int) -> PreTrainedTokenizerFast:
    files = [folder / "tokenizer.json", folder / "tokenizer_config.json"]
    for file in files:
        read_json(file)
    with blamed_on(" or ".join(map(str, files))):
        tokenizer = PreTrainedTokenizerFast.from_pretrained(
            folder, extra_special_tokens=IMAGE_TOKENS, padding_side="left"
        )
    if tokenizer.context_image_token_id != image_token_id:
        token, index = tokenizer.context_image_token, tokenizer.context_image_token_id
        raise ValueError(f"{folder}: {token} has id {index}, but image_token_id={image_token_id} in config.json")
    return tokenizer


def _image_processor(folder: Path) -> FCoTVLImageProcessor:
    with blamed_on(f"{folder}: the image processor's configuration"):
        processor = FCoTVLImageProcessor.from_pretrained(folder, crop_to_patches=True)
        processor(Image.new("RGB", (8, 8)))  # wrong settings are not noticed before they are used
    tiling = Settings(processor.to_dict(), f"{folder}: the image processor's configuration")
    tiling.whole("max_patches", least=tiling.whole("min_patches"))
    return processor


def _render(processor: FCoTVLProcessor, template: str | None) -> str:
    return str(processor.apply_chat_template(_PROBE, chat_template=template, add_generation_prompt=True))
