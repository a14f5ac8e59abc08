"""One model reads a page: its answer token by token, how sure it was of each, and what that took."""

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from threading import Event
from typing import Any

import torch
from PIL import Image
from transformers import BatchFeature, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from fcotvl_hf.cost.kv import VALUE_BYTES, kv_bytes
from fcotvl_hf.eval_harness.confidence import texts_of_tokens
from fcotvl_hf.eval_harness.prefill_cost import predicted_prefill

from .family import Member

_SHOWN_EVERY = 0.1
"""Seconds between two states of a growing answer."""


@dataclass(frozen=True)
class Reading:
    """What a model said, and what it took.

    Args:
        model: the member's name.
        label: how many of the visual tokens it sees, in words.
        text: the answer so far, without special tokens.
        ids: its tokens, the end-of-text token included.
        pieces: the text of each token; joined they are ``text``.
        confidences: probability that the model gave each token.
        tiles: tiles of the page, the thumbnail included.
        visual_tokens: what the page takes in the language model.
        text_tokens: the rest of the prompt.
        kv_bytes: key-value cache of the prompt.
        vision_flops: of the vision tower, which no stride changes.
        connector_flops: of compressor and projector.
        language_flops: of the language model until the first token.
        first_token_seconds: from page and question to the first token, once it is there.
        decode_seconds: from the first token to the last.
        finished: nothing more will come.
    """

    model: str
    label: str
    tiles: int
    visual_tokens: int
    text_tokens: int
    kv_bytes: int
    vision_flops: int
    connector_flops: int
    language_flops: int
    text: str = ""
    ids: Sequence[int] = ()
    pieces: Sequence[str] = ()
    confidences: Sequence[float] = ()
    first_token_seconds: float | None = None
    decode_seconds: float = 0.0
    finished: bool = False

    @property
    def confidence(self) -> float:
        """Geometric mean of the tokens' probabilities: e to the mean log-probability."""
        return math.exp(sum(map(math.log, self.confidences)) / len(self.confidences))

    @property
    def tokens_per_second(self) -> float | None:
        """Speed of decoding; there is none of a single token."""
        return (len(self.ids) - 1) / self.decode_seconds if self.decode_seconds else None


def encode(member: Member, page: Image.Image, question: str) -> BatchFeature:
    """The inputs of a model: ``input_ids`` ``[1, prompt]``, ``pixel_values`` ``[tiles, 3, size, size]`` and a mask."""
    content = [{"type": "image"}, {"type": "text", "text": question}]
    text = member.processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = member.processor(text=text, images=[page], return_tensors="pt")
    return inputs.to(member.model.device, member.model.dtype)


def read(member: Member, page: Image.Image, question: str, max_new_tokens: int) -> Iterator[Reading]:
    """Let a model answer greedily; a caller who stops listening stops the model.

    Args:
        member: who reads.
        page: RGB.
        question: what to ask.
        max_new_tokens: where a longer answer is cut.

    Yields:
        The reading as it grows, a few times a second; the last one is ``finished``.
    """
    started = time.perf_counter()
    inputs = encode(member, page, question)
    reading = before_reading(member, inputs)
    said, sure, stop = _Said(), _Sure(), _Stop()
    with ThreadPoolExecutor(1) as pool:
        try:
            running = pool.submit(_generate, member, inputs, max_new_tokens, said, sure, stop)
            shown = started
            for moment in iter(said.next, None):
                if reading.first_token_seconds is None:
                    reading = replace(reading, first_token_seconds=moment.time - started)
                    first = moment.time
                reading = replace(reading, ids=(*reading.ids, moment.token), decode_seconds=moment.time - first)
                if moment.time - shown >= _SHOWN_EVERY:
                    shown = moment.time
                    yield replace(reading, text=_text(member, reading.ids))
            running.result()  # raises what went wrong
        finally:
            stop.event.set()
    pieces = texts_of_tokens(member.processor.tokenizer, reading.ids)
    yield replace(reading, text="".join(pieces), pieces=pieces, confidences=tuple(sure.of), finished=True)


def before_reading(member: Member, inputs: BatchFeature) -> Reading:
    """What is known before anything is run.

    Args:
        member: who is to read.
        inputs: see ``encode``.
    """
    model, tiles = member.model, inputs["pixel_values"].shape[0]
    visual = int((inputs["input_ids"] == member.processor.image_token_id).sum())
    text = inputs["input_ids"].shape[1] - visual
    cached = kv_bytes(model.config, tiles, text, VALUE_BYTES[str(model.dtype).removeprefix("torch.")])
    spent = predicted_prefill(model.config, member.processor, tiles, text)
    return Reading(
        model=member.name,
        label=member.label,
        tiles=tiles,
        visual_tokens=visual,
        text_tokens=text,
        kv_bytes=cached,
        vision_flops=2 * spent.vision,
        connector_flops=2 * (spent.compressor + spent.projector),
        language_flops=2 * spent.language,
    )


def _generate(
    member: Member, inputs: BatchFeature, max_new_tokens: int, said: "_Said", sure: "_Sure", stop: "_Stop"
) -> None:
    try:
        member.model.generate(
            **inputs,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=1,
            streamer=said,
            logits_processor=LogitsProcessorList([sure]),
            stopping_criteria=StoppingCriteriaList([stop]),
        )
    finally:
        said.end()


def _text(member: Member, ids: Sequence[int]) -> str:
    text: str = member.processor.tokenizer.decode(list(ids), skip_special_tokens=True)
    return text


@dataclass(frozen=True)
class _Moment:
    token: int
    time: float


class _Said(BaseStreamer):
    """Hands tokens to another thread as they come."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Moment | None] = SimpleQueue()
        self._prompt = True

    def put(self, value: torch.Tensor) -> None:
        """Called by ``generate`` with the prompt, then with each token."""
        if self._prompt:
            self._prompt = False
            return
        self._queue.put(_Moment(int(value), time.perf_counter()))

    def end(self) -> None:
        """Called after the last token."""
        self._queue.put(None)

    def next(self) -> _Moment | None:
        """Wait for the next token; ``None`` after the last."""
        return self._queue.get()


@dataclass
class _Sure(LogitsProcessor):
    """Notes the probability of the likeliest token at each step; greedy decoding takes that one."""

    of: list[float] = field(default_factory=list)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> Any:
        self.of.append(float(scores[0].float().softmax(-1).max()))
        return scores


@dataclass
class _Stop(StoppingCriteria):
    """Ends the generation when nobody listens any more."""

    event: Event = field(default_factory=Event)

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> Any:
        return torch.full((len(input_ids),), self.event.is_set(), device=input_ids.device)
