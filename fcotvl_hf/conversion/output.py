"""Everything in a new model's folder but the weights."""

from pathlib import Path

import torch
from transformers import GenerationConfig
from transformers.dynamic_module_utils import custom_object_save

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor


def save_settings(folder: Path, config: FCoTVLConfig, generation: GenerationConfig, processor: FCoTVLProcessor) -> None:
    """Write configuration, generation settings, processor, and the code that ``trust_remote_code`` loads.

    Args:
        folder: where to write; give ``atomic_folder``'s, for nothing is renamed here.
        config: of the model; its ``architectures`` are set.
        generation: how it answers by default.
        processor: the model's.
    """
    with torch.device("meta"):
        custom_object_save(FCoTVLForConditionalGeneration(config), folder, config)
    config.architectures = [FCoTVLForConditionalGeneration.__name__]
    config.save_pretrained(folder)
    generation.save_pretrained(folder)
    processor.save_pretrained(folder)
