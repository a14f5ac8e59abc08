"""What each contender's prefill costs beside the teacher's, by the FLOP model of ``fcotvl_hf.cost``."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from fcotvl_hf.eval_harness.prefill_cost import predicted_prefill
from fcotvl_hf.eval_harness.processors import Processors
from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLProcessor
from fcotvl_hf.tiny.scores import PerLayer


class Cost(NamedTuple):
    """Means over the rows: multiply-adds until the first answer token, and tokens in the cache of a layer by then."""

    multiply_adds: float
    cached_tokens: float


def mean_cost(
    config: FCoTVLConfig, processors: Processors, rows: Sequence[Row], tokens_per_layer: PerLayer | None = None
) -> Cost:
    """Cost of a model over ``rows``.

    Args:
        config: the model's.
        processors: its processor, or row id → processor.
        rows: questions with their images.
        tokens_per_layer: from a row's placeholders to the visual tokens that each layer sees, where layers differ.
    """
    by_row = processors if isinstance(processors, Mapping) else {row["id"]: processors for row in rows}
    costs = [_row_cost(config, by_row[row["id"]], row, tokens_per_layer) for row in rows]
    return Cost(*(fmean(values) for values in zip(*costs, strict=True)))


def _row_cost(config: FCoTVLConfig, processor: FCoTVLProcessor, row: Row, tokens_per_layer: PerLayer | None) -> Cost:
    tiles = sum(
        processor.image_processor.get_number_of_image_patches(image.height, image.width) for image in row["images"]
    )
    prompt = processor.apply_chat_template(row["messages"][:-1], add_generation_prompt=True)
    text = len(processor.tokenizer(prompt)["input_ids"]) + len(row["images"])  # two tags stand for one placeholder
    placeholders = tiles * processor.image_seq_length
    visual = (
        tokens_per_layer(placeholders) if tokens_per_layer else [placeholders] * config.text_config.num_hidden_layers
    )
    lengths = [tokens + text for tokens in visual]
    spent = predicted_prefill(config, processor, tiles, text, lengths=lengths).total
    return Cost(spent, fmean(lengths))
