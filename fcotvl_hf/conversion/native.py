"""Settings, tokenizer and chat template of a native InternVL folder (``…-hf``, ``model_type: internvl``)."""

import logging
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLImageProcessor, FCoTVLProcessor

from .chat_templates import BOS_LINE, CONVERSATIONS, build_chat_template
from .settings import blamed_on
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
        ValueError: a setting is of another type, or ``image_seq_length`` contradicts the tile size.
    """
    with blamed_on("config.json"):
        return FCoTVLConfig.from_dict({key: value for key, value in settings.items() if key not in _NOT_OURS})


def native_processor(folder: Path, config: FCoTVLConfig, system_prompt: str | None = None) -> FCoTVLProcessor:
    """The processor of a native folder, with BOS and answer marks in its chat template.

    Args:
        folder: with tokenizer, image processor and chat template.
        config: see ``native_config``.
        system_prompt: for the chat template, if it is one we know.

    Raises:
        ValueError: a file is missing or damaged, or a system prompt is given for a template that is not known.
    """
    with blamed_on(f"the tokenizer in {folder}"):
        tokenizer = PreTrainedTokenizerFast.from_pretrained(
            folder, extra_special_tokens=IMAGE_TOKENS, padding_side="left"
        )
    with blamed_on(f"the image processor in {folder}"):
        image_processor = FCoTVLImageProcessor.from_pretrained(folder, crop_to_patches=True)
    processor = FCoTVLProcessor(image_processor, tokenizer, config.image_seq_length, tokenizer.chat_template)
    processor.check_against(config.image_seq_length, config.vision_config.image_size[0])
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


def _render(processor: FCoTVLProcessor, template: str | None) -> str:
    return str(processor.apply_chat_template(_PROBE, chat_template=template, add_generation_prompt=True))
