"""A model of a named shape without a checkpoint: for measuring what does not depend on the weights."""

import zlib
from dataclasses import asdict

import psutil
import torch
from transformers import AutoModelForImageTextToText
from transformers.initialization import no_init_weights

from fcotvl_hf.cost.shapes import Shape
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.tiny.architecture import build_processor


def random_model(
    shape: Shape, processor: FCoTVLProcessor, dtype: torch.dtype, device: torch.device
) -> FCoTVLForConditionalGeneration:
    """A model in memory once, at random: weights of a name and shape are the same whatever the stride and the layers.

    Args:
        shape: the model's; a stride above 1 gives a ``conv1d`` compressor.
        processor: whose placeholder the model will know.
        dtype: of the weights.
        device: where to build it.

    Returns:
        The model in eval mode.

    Raises:
        ValueError: the CPU's memory does not hold it.
    """
    config = shape_config(shape, processor.tokenizer.context_image_token_id)
    if device.type == "cpu":
        _check_memory(shape.name, config, dtype)
    with torch.device(device), no_init_weights():
        model: FCoTVLForConditionalGeneration = AutoModelForImageTextToText.from_config(config, dtype=dtype)
    generator = torch.Generator(device)
    for name, parameter in model.named_parameters():
        generator.manual_seed(zlib.crc32(name.encode()))
        parameter.data.uniform_(-0.02, 0.02, generator=generator)
    return model.eval()


def _check_memory(name: str, config: FCoTVLConfig, dtype: torch.dtype) -> None:
    """Refuse what would be killed halfway: the kernel promises more memory than there is."""
    with torch.device("meta"), no_init_weights():
        weights = AutoModelForImageTextToText.from_config(config, dtype=dtype).parameters()
    needed, free = sum(weight.nbytes for weight in weights), psutil.virtual_memory().available
    if needed > free:
        raise ValueError(f"{name} takes {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free; give it fewer layers")


def shape_config(shape: Shape, image_token_id: int) -> FCoTVLConfig:
    """The configuration of a shape.

    Args:
        shape: a stride above 1 gives a ``conv1d`` compressor.
        image_token_id: the tokenizer's placeholder.
    """
    text, vision = asdict(shape.text_config), asdict(shape.vision_config)
    head_dim = text["head_dim"] or text["hidden_size"] // text["num_attention_heads"]
    sizes = {name: list(vision[name]) for name in ("image_size", "patch_size")}
    return FCoTVLConfig(
        text_config={"model_type": "llama", "max_position_embeddings": 32768, **text, "head_dim": head_dim},
        vision_config={**vision, **sizes},
        image_token_id=image_token_id,
        tie_word_embeddings=False,
        compressor_type="conv1d" if shape.compressor_stride > 1 else "none",
        compressor_stride=shape.compressor_stride,
    )


def shape_processor(shape: Shape) -> FCoTVLProcessor:
    """The tiny model's processor, which needs no file, with the tiles and tokens of a shape."""
    processor = build_processor(shape.image_seq_length)
    processor.image_processor.size = {"height": shape.tile_size, "width": shape.tile_size}
    processor.image_processor.max_patches = shape.max_tiles
    return processor
