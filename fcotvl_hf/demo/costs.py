"""What each contender's prefill costs beside the teacher's, by the FLOP model of ``fcotvl_hf.cost``."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fcotvl_hf.eval_harness.prefill_cost import predicted_prefill
from fcotvl_hf.eval_harness.processors import Processors
from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLProcessor


class Cost(NamedTuple):
    """Means over the rows: multiply-adds until the first answer token, and tokens in the KV cache at that point."""

    multiply_adds: float
    cached_tokens: float


def mean_cost(config: FCoTVLConfig, processors: Processors, rows: Sequence[Row]) -> Cost:
    """Cost of a model over ``rows``.

    Args:
        config: the model's.
        processors: its processor, or row id → processor.
        rows: questions with their images.
    """
    costs = [
        _row_cost(config, processors[row["id"]] if isinstance(processors, Mapping) else processors, row) for row in rows
    ]
    return Cost(*(sum(values) / len(costs) for values in zip(*costs, strict=True)))


def _row_cost(config: FCoTVLConfig, processor: FCoTVLProcessor, row: Row) -> Cost:
    tiles = sum(
        processor.image_processor.get_number_of_image_patches(image.height, image.width) for image in row["images"]
    )
    prompt = processor.apply_chat_template(row["messages"][:-1], add_generation_prompt=True)
    text = len(processor.tokenizer(prompt)["input_ids"]) + len(row["images"])  # two tags stand for one placeholder
    spent = predicted_prefill(config, processor, tiles, text).total
    return Cost(spent, tiles * processor.image_seq_length + text)
