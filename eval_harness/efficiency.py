"""What an answer costs, measured, beside what the FLOP model says: prefill by part, decoding, KV cache, peak memory.

Contenders take turns, round after round, so that whatever else the machine does falls on all of them; figures are
medians over the rounds, and a speed-up is the median of the rounds' own ratios. Parts are kept apart, for fewer tokens
shorten the language model's only: the vision tower's stays as it is.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from fcotvl_hf.cost.flops import Prefill
from fcotvl_hf.cost.kv import kv_bytes
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .peak_memory import PeakMemory
from .prefill_cost import as_run, predicted_prefill
from .timing import Seconds, Spans, Stopwatch


@dataclass(frozen=True)
class Contender:
    """A model, maybe a reduced one, and the processor that knows its tokens per tile.

    Args:
        name: what to call it.
        model: in eval mode, on its device.
        processor: only its tile size and ``image_seq_length`` are used.
    """

    name: str
    model: FCoTVLForConditionalGeneration
    processor: FCoTVLProcessor


@dataclass(frozen=True)
class Workload:
    """What every contender is asked: noise for pictures and any tokens for text, as neither changes the cost.

    Args:
        tiles: of the pictures of a prompt, thumbnails included.
        text_tokens: tokens of a prompt that are no visual tokens.
        new_tokens: tokens to decode after the first.
        batch_size: prompts at once.
    """

    tiles: int
    text_tokens: int = 80
    new_tokens: int = 16
    batch_size: int = 1


@dataclass(frozen=True)
class Run:
    """One answer.

    Args:
        spans: where its time went.
        lengths: tokens of the prompt that each layer keeps in its cache.
        kv_bytes: of the cache after the answer, all prompts together.
        peak_bytes: memory beyond what was held before; ``None`` where it cannot be measured.
    """

    spans: Spans
    lengths: list[int]
    kv_bytes: int
    peak_bytes: int | None


@dataclass(frozen=True)
class Figures:
    """What was measured of a contender, medians over the rounds, and what was predicted.

    Args:
        name: the contender's.
        visual_tokens: of a prompt, mean over the layers of the language model.
        compression: share of the first contender's visual tokens that is missing.
        vision_seconds: the vision tower, wall time, as all seconds here.
        connector_seconds: compressor and projector.
        language_seconds: the language model over the prompt.
        prefill_seconds: all three, the time to the first token.
        decode_tokens_per_second: of all prompts together.
        kv_bytes: of the cache after the answer.
        kv_bytes_predicted: by ``fcotvl_hf.cost``, if every layer keeps all visual tokens of the prompt.
        peak_bytes: memory beyond what was held before; ``None`` where it cannot be measured.
        multiply_adds: predicted, by part, attention counted causally; FLOPs are twice as many.
        speedup: the first contender's prefill over this one's.
        speedup_cpu: the same in CPU time, which tells on a CPU that others use as well.
        speedup_predicted: by the FLOP model.
        language_speedup: as ``speedup``, of the language model alone.
        language_speedup_predicted: likewise.
        runs: all rounds, as they were measured.
    """

    name: str
    visual_tokens: float
    compression: float
    vision_seconds: float
    connector_seconds: float
    language_seconds: float
    prefill_seconds: float
    decode_tokens_per_second: float
    kv_bytes: int
    kv_bytes_predicted: int
    peak_bytes: int | None
    multiply_adds: Prefill
    speedup: float
    speedup_cpu: float
    speedup_predicted: float
    language_speedup: float
    language_speedup_predicted: float
    runs: list[Run]


def compare(
    contenders: Sequence[Contender],
    workload: Workload,
    repeats: int = 5,
    warm_up: int = 1,
    done: Callable[[int], None] = lambda count: None,
) -> list[Figures]:
    """Let contenders answer in turns.

    Args:
        contenders: the first one is what the others are compared with.
        workload: what they are asked.
        repeats: rounds that count.
        warm_up: rounds before them that do not.
        done: told after each answer: one more.

    Returns:
        One entry per contender, in their order.
    """
    runs: list[list[Run]] = [[] for _ in contenders]
    for round_ in range(warm_up + repeats):
        for turn in range(len(contenders)):
            place = (round_ + turn) % len(contenders)  # nobody always follows the same one
            run = answer(contenders[place], workload)
            if round_ >= warm_up:
                runs[place].append(run)
            done(1)
    predictions = [
        _predicted(contender, workload, own[0].lengths) for contender, own in zip(contenders, runs, strict=True)
    ]
    return [
        _figures(contender, workload, own, runs[0], prediction, predictions[0])
        for contender, own, prediction in zip(contenders, runs, predictions, strict=True)
    ]


@torch.inference_mode()
def answer(contender: Contender, workload: Workload) -> Run:
    """Measure one answer.

    Args:
        contender: who answers.
        workload: what.
    """
    model, tokens = contender.model, workload.new_tokens + 1
    inputs = prompt(contender, workload)
    with PeakMemory(model.device) as memory, Stopwatch(model.model, model.device) as watch:
        generated: Any = model.generate(
            **inputs,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            return_dict_in_generate=True,
            streamer=watch,
        )
    layers = [(layer.keys, layer.values) for layer in generated.past_key_values.layers]
    return Run(
        spans=watch.spans,
        lengths=[keys.shape[-2] - workload.new_tokens for keys, _ in layers],
        kv_bytes=sum(keys.nbytes + values.nbytes for keys, values in layers),
        peak_bytes=memory.bytes,
    )


def prompt(contender: Contender, workload: Workload) -> dict[str, torch.Tensor]:
    """Inputs of ``generate``: half of the text, then the pictures, then the other half.

    Args:
        contender: whose tile size and tokens per tile count.
        workload: how much of everything.
    """
    model, processor = contender.model, contender.processor
    image_token, vocabulary = model.config.image_token_id, model.config.text_config.vocab_size
    text = (image_token + 1 + torch.arange(workload.text_tokens) % (vocabulary - 1)) % vocabulary  # never a placeholder
    visual = torch.full((workload.tiles * processor.image_seq_length,), image_token)
    before, after = text.tensor_split(2)
    ids = torch.cat([before, visual, after]).expand(workload.batch_size, -1)  # [batch, length]
    side, tiles = processor.image_processor.size["height"], workload.batch_size * workload.tiles
    pixels = torch.randn(tiles, 3, side, side, generator=torch.Generator().manual_seed(0))
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels.to(model.dtype)}
    return {name: values.to(model.device) for name, values in inputs.items()}


def _predicted(contender: Contender, workload: Workload, lengths: Sequence[int]) -> Prefill:
    """Multiply-adds of all prompts of a batch."""
    config, processor, batch = contender.model.config, contender.processor, workload.batch_size
    one = predicted_prefill(config, processor, workload.tiles, workload.text_tokens, causal=True, lengths=lengths)
    return Prefill(batch * one.vision, batch * one.compressor, batch * one.projector, batch * one.language)


def _figures(
    contender: Contender, workload: Workload, runs: list[Run], first: list[Run], prediction: Prefill, reference: Prefill
) -> Figures:
    spans = [run.spans for run in runs]
    visual, of_first = (statistics.mean(own[0].lengths) - workload.text_tokens for own in (runs, first))
    decoded = workload.batch_size * workload.new_tokens
    run_config = as_run(contender.model.config, contender.processor)
    cached = workload.tiles, workload.text_tokens + workload.new_tokens, contender.model.dtype.itemsize
    peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]

    def median(pick: Callable[[Spans], Seconds]) -> float:
        return statistics.median(pick(span).wall for span in spans)

    def ratio(pick: Callable[[Spans], float]) -> float:
        return statistics.median(pick(other.spans) / pick(own.spans) for other, own in zip(first, runs, strict=True))

    return Figures(
        name=contender.name,
        visual_tokens=visual,
        compression=1 - visual / of_first,
        vision_seconds=median(lambda span: span.vision),
        connector_seconds=median(lambda span: span.connector),
        language_seconds=median(lambda span: span.language),
        prefill_seconds=median(lambda span: span.prefill),
        decode_tokens_per_second=decoded / median(lambda span: span.decode),
        kv_bytes=runs[0].kv_bytes,
        kv_bytes_predicted=workload.batch_size * kv_bytes(run_config, *cached),
        peak_bytes=round(statistics.median(peaks)) if peaks else None,
        multiply_adds=prediction,
        speedup=ratio(lambda span: span.prefill.wall),
        speedup_cpu=ratio(lambda span: span.prefill.cpu),
        speedup_predicted=reference.total / prediction.total,
        language_speedup=ratio(lambda span: span.language.wall),
        language_speedup_predicted=reference.language / prediction.language,
        runs=runs,
    )
