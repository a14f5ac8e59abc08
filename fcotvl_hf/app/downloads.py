"""A finished comparison for machines and for notes: JSON and Markdown."""

from html import escape
from typing import Any

from .agreement import aligned
from .comparing import Comparison

_COLUMNS = (
    "model",
    "visual tokens",
    "agreement",
    "confidence",
    "first token",
    "tokens/s",
    "KV cache bytes",
    "vision FLOPs",
    "language FLOPs",
)

SCHEMA = 1
"""Changes when a field changes its meaning."""


def as_json(state: Comparison) -> dict[str, Any]:
    """Everything that was found, of the models that were asked.

    Returns:
        ``question``, ``threshold``, ``max_new_tokens``, ``page`` (size in pixels), and an entry of ``models`` for each:
        name, its own answer and the one that counts (the reference's if it falls back), agreement with the reference's,
        the fields of ``Reading``, and of students ``divergences`` in nats per token of the reference's answer.
    """
    asked = state.asked
    return {
        "schema": SCHEMA,
        "question": asked.question,
        "page": {"width": asked.page.width, "height": asked.page.height},
        "threshold": asked.threshold,
        "max_new_tokens": asked.max_new_tokens,
        "reference": state.reference,
        "models": [_entry(state, name) for name in state.readings],
    }


def _entry(state: Comparison, name: str) -> dict[str, Any]:
    reading, reference = state.readings[name], state.readings.get(state.reference)
    falls_back, loss = state.falls_back(name), state.losses.get(name)
    return {
        "model": name,
        "label": reading.label,
        "own_answer": reading.text,
        "falls_back": falls_back,
        "answer": reference.text if falls_back and reference else reading.text,
        "agreement": aligned(reading.text, reference.text)[1] if reference else None,
        "confidence": reading.confidence,
        "tiles": reading.tiles,
        "visual_tokens": reading.visual_tokens,
        "text_tokens": reading.text_tokens,
        "kv_bytes": reading.kv_bytes,
        "vision_flops": reading.vision_flops,
        "connector_flops": reading.connector_flops,
        "language_flops": reading.language_flops,
        "first_token_seconds": reading.first_token_seconds,
        "tokens_per_second": reading.tokens_per_second,
        "tokens": [
            {"text": text, "confidence": sure} for text, sure in zip(reading.pieces, reading.confidences, strict=True)
        ],
        "divergences": list(loss.divergences) if loss else None,
    }


def as_markdown(state: Comparison) -> str:
    """A table and the answers."""
    found = as_json(state)
    lines = [
        "# Compression lab",
        "",
        f"Question: {escape(' '.join(found['question'].split()))}",
        f"on a page of {found['page']['width']} × {found['page']['height']} px",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"| --- {'| ---: ' * (len(_COLUMNS) - 1)}|",
        *(f"| {' | '.join(_cells(entry))} |" for entry in found["models"]),
    ]
    for entry in found["models"]:
        fallen = f" (fell back to {found['reference']})" if entry["falls_back"] else ""
        lines += ["", f"## {entry['model']}{fallen}", "", *(f"    {line}" for line in entry["answer"].splitlines())]
    return "\n".join(lines) + "\n"


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    speed = entry["tokens_per_second"]
    return (
        entry["model"],
        f"{entry['visual_tokens']:,}",
        f"{entry['agreement']:.0%}",
        f"{entry['confidence']:.0%}",
        f"{1000 * entry['first_token_seconds']:.0f} ms",
        f"{speed:.1f}" if speed else "–",
        f"{entry['kv_bytes']:,}",
        f"{entry['vision_flops']:,}",
        f"{entry['language_flops']:,}",
    )
