"""From answers to the table: retention, paired differences, costs; as ``summary.json`` and on the screen."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

from .contenders import Contender
from .costs import Cost

_FOUND = ("tokens_per_image", "tokens_over_layers", "score", "retention", "difference")


def summary_row(contender: Contender, found: Mapping[str, Any], cost: Cost, spent: Cost, root: Path) -> dict[str, Any]:
    """One row of ``summary.json``.

    Args:
        contender: who answered.
        found: its ``figures``.
        cost: what its prefill costs.
        spent: what the teacher's prefill costs.
        root: paths are given relative to it.
    """
    return {
        "name": contender.name,
        "kind": contender.kind,
        "stage": contender.stage,
        "compression": contender.compression,
        **{key: found[key] for key in _FOUND},
        "tasks": {task: entry["score"] for task, entry in found["tasks"].items()},
        "prefill_ratio": spent.multiply_adds / cost.multiply_adds,
        "kv_ratio": spent.cached_tokens / cost.cached_tokens,
        "live": contender.live,
        "path": str(contender.path.relative_to(root)) if contender.path else None,
    }


def summarise(rows: Sequence[dict[str, Any]], seconds: float, seed: int) -> dict[str, Any]:
    """The whole of ``summary.json``."""
    packages = ("fcotvl-hf", "torch", "transformers", "trl", "Pillow")
    return {
        "rows": list(rows),
        "seconds": seconds,
        "versions": {name: version(name) for name in packages},
        "seed": seed,
    }


def as_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The rows for the terminal; live ones are marked with a star."""
    table = Table(title="Same pages, fewer visual tokens  (* trained in this demo)", title_justify="left")
    table.add_column("model", no_wrap=True)
    tasks = list(rows[0]["tasks"])
    for heading in (
        "tokens",
        *(task.removeprefix("tiny-") for task in tasks),
        "score",
        "kept",
        "difference",
        "prefill",
        "KV",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    kind = rows[0]["kind"]
    for row in rows:
        if row["kind"] != kind:
            table.add_section()
            kind = row["kind"]
        low, high = row["difference"]
        table.add_row(
            label(row),
            f"{row['tokens_per_image']:.1f}",
            *(f"{row['tasks'][task]:.3f}" for task in tasks),
            f"{row['score']:.3f}",
            f"{row['retention']:.1%}",
            "–" if row["kind"] == "teacher" else f"[{low:+.3f}, {high:+.3f}]".replace("[", r"\["),
            f"{row['prefill_ratio']:.2f}×",
            f"{row['kv_ratio']:.2f}×",
        )
    return table


def label(row: Mapping[str, Any]) -> str:
    """Name, stage and compression of a row in a few words."""
    stage = f", {row['stage']}" if row["stage"] else ""
    share = f" ({row['compression']:.0%})" if row["kind"] == "baseline" else ""
    return f"{row['name']}{stage}{share}{' *' if row['live'] else ''}"
