"""What the templates show of each model: figures as text, and answers cut into pieces to mark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fcotvl_hf.cost.table import BYTES, DECIMAL, with_unit
from fcotvl_hf.eval_harness.diff import Segment

from .agreement import aligned
from .comparing import Comparison
from .reading import Reading

_FLOPS = [f"{prefix}FLOP" for prefix in DECIMAL]


@dataclass(frozen=True)
class Meter:
    """One figure.

    Args:
        name: what is measured.
        value: with its unit.
        ratio: to the reference's, as text; empty where that says nothing.
    """

    name: str
    value: str
    ratio: str = ""


@dataclass(frozen=True)
class Card:
    """One model's column.

    Args:
        name: of the model.
        label: how many of the visual tokens it sees.
        state: ``waiting``, ``reading``, ``stopped`` or ``done``.
        visual_tokens: once they are known.
        share: of the reference's visual tokens, 0 to 1.
        segments: the answer, aligned with the reference's when it is done.
        agreement: with the reference, 0 to 1; ``None`` before, and for the reference itself.
        falls_back: the reference's answer stands in for this one.
        confidence: of the finished answer, 0 to 1.
        meters: the other figures.
    """

    name: str
    label: str
    state: str = "waiting"
    visual_tokens: int | None = None
    share: float = 0.0
    segments: Sequence[Segment] = ()
    agreement: float | None = None
    falls_back: bool = False
    confidence: float | None = None
    meters: Sequence[Meter] = ()


def cards(state: Comparison) -> Iterator[Card]:
    """A card for each model, the reference first."""
    for name, label in state.models.items():
        reading = state.readings.get(name)
        yield _card(state, reading) if reading else Card(name, label, "stopped" if state.stopped else "waiting")


def _card(state: Comparison, reading: Reading) -> Card:
    reference = state.readings[state.reference]
    segments, agreement = [Segment("equal", reading.text)], None
    if reading.finished and reading is not reference:
        segments, agreement = aligned(reading.text, reference.text)
    return Card(
        reading.model,
        reading.label,
        "done" if reading.finished else "stopped" if state.stopped else "reading",
        reading.visual_tokens,
        reading.visual_tokens / reference.visual_tokens,
        segments,
        agreement,
        state.falls_back(reading.model),
        reading.confidence if reading.finished else None,
        list(_meters(reading, reference)),
    )


def _meters(reading: Reading, reference: Reading) -> Iterator[Meter]:
    first, speed = reading.first_token_seconds, reading.tokens_per_second
    if first is not None:
        yield Meter("First token", f"{1000 * first:,.0f} ms")
    if speed is not None:
        yield Meter("Speed", f"{speed:,.0f} tokens/s")
    yield Meter("KV cache", with_unit(reading.kv_bytes, 1024, BYTES), _ratio(reading.kv_bytes, reference.kv_bytes))
    flops = reading.language_flops, reference.language_flops
    yield Meter("LLM prefill", with_unit(flops[0], 1000, _FLOPS), _ratio(*flops))
    yield Meter("Vision tower", with_unit(reading.vision_flops, 1000, _FLOPS))


def _ratio(amount: int, reference: int) -> str:
    return "" if amount == reference else f"{amount / reference:.0%}"
