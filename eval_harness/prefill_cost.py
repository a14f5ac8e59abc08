"""What the FLOP model of ``fcotvl_hf.cost`` predicts for a model and the processor it runs with."""

import copy
from collections.abc import Sequence

from fcotvl_hf.cost.flops import Prefill, prefill
from fcotvl_hf.modeling import COMPRESSORS, FCoTVLConfig, FCoTVLProcessor

from .compressor_cost import compressor_tile


def predicted_prefill(
    config: FCoTVLConfig,
    processor: FCoTVLProcessor,
    tiles: int,
    text_tokens: int,
    causal: bool = False,
    lengths: Sequence[int] | None = None,
) -> Prefill:
    """Multiply-adds from pixels to the first answer token.

    Args:
        config: the model's.
        processor: whose tile size and tokens per tile count, where they are not the configuration's.
        tiles: tiles of all images, thumbnails included.
        text_tokens: all tokens of the prompt that are no visual tokens.
        causal: count half of the language model's attention square.
        lengths: tokens that each layer of the language model sees, where some are dropped on the way.
    """
    run = as_run(config, processor)
    compressor = compressor_tile(run) if run.compressor_type in COMPRESSORS else 0  # a baseline's pooling is free
    return prefill(run, tiles, text_tokens, causal, compressor, lengths)


def as_run(config: FCoTVLConfig, processor: FCoTVLProcessor) -> FCoTVLConfig:
    """The configuration with the tile size and tokens of this processor."""
    run = copy.deepcopy(config)
    side = processor.image_processor.size["height"]
    run.vision_config.image_size = [side, side]
    run.image_seq_length = processor.image_seq_length
    return run
