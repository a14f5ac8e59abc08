"""One re-alignment step of ours against the obvious one: two whole models, logits of every position.

    python benchmarks/distill_step.py --layers 1 2 --repeats 3 --out distill_step.json

Random weights in InternVL2-2B's shape, one page of 13 tiles. Vision tower and language model get the same number of
layers, as in the original (24 and 24), so their ratio is the true one; embedding and head have their true size, so with
few layers they weigh more than they should. With two numbers of layers time and memory of all 24 are extrapolated, a
straight line through both. Each measurement is a process of its own, and the two steps take turns, so that other load
on the machine falls on both; seconds are CPU seconds of all threads, which other load lengthens little. Peak memory is
the process's (``ru_maxrss``) without what importing took; what is neither weights nor logits is activations and
gradients.
"""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STEPS = ("ours", "obvious")
FULL_LAYERS = 24
_MEMORY = ("peak", "weights", "logits", "rest")
TILES = {1: (1, 1), 3: (2, 1), 5: (2, 2), 13: (4, 3)}
"""Tiles, the thumbnail included → columns and rows of a page."""
Record = dict[str, Any]


def main() -> None:
    """Measure, print a table, write JSON."""
    args = make_parser().parse_args()
    if args.step:
        print(json.dumps(measure(args.step, args.layers[0], args.tiles, args.stride, args.answer)))
        return
    records = [
        _in_a_process(step, layers, args) for layers in args.layers for _ in range(args.repeats) for step in STEPS
    ]
    summary = [summarise(records, layers) for layers in args.layers]
    if len(args.layers) > 1:
        summary.append(extrapolate(summary[0], summary[-1]))
    print(table(summary))
    settings = {name: getattr(args, name) for name in ("layers", "tiles", "stride", "answer", "repeats")}
    written = {"settings": settings, "machine": platform.processor() or platform.machine(), "summary": summary}
    args.out.write_text(json.dumps({**written, "records": records}, indent=2) + "\n")


def make_parser() -> argparse.ArgumentParser:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--layers", type=int, nargs="+", default=[1, 2], help="layers of both towers (default: 1 2)")
    parser.add_argument("--tiles", type=int, choices=TILES, default=13, help="tiles of the page (default: 13)")
    parser.add_argument("--stride", type=int, default=2, help="the student's stride (default: 2)")
    parser.add_argument("--answer", type=int, default=256, help="tokens of the answer (default: 256)")
    parser.add_argument("--repeats", type=int, default=3, help="processes for each step (default: 3)")
    parser.add_argument("--out", type=Path, default=Path("distill_step.json"), help="default: distill_step.json")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    return parser


def _in_a_process(step: str, layers: int, args: argparse.Namespace) -> Record:
    options = ["--tiles", str(args.tiles), "--stride", str(args.stride), "--answer", str(args.answer)]
    command = [sys.executable, __file__, "--step", step, "--layers", str(layers), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    record: Record = json.loads(done.stdout.splitlines()[-1])
    print(f"{step}, {layers} layers: {record['seconds']:.1f} s, {record['peak'] / 2**30:.2f} GiB", file=sys.stderr)
    return record


def measure(step: str, layers: int, tiles: int, stride: int, answer: int) -> Record:
    """Take one step and say what it took.

    Args:
        step: which one.
        layers: of vision tower and language model.
        tiles: of the page.
        stride: the student's.
        answer: response tokens.

    Returns:
        ``seconds`` (of the CPU), ``wall`` and ``loss`` of the step; bytes of ``peak``, ``weights`` and ``logits``.
    """
    from distill_steps import prepare  # what needs torch: the process that only compares stays small

    from fcotvl_hf.cost.shapes import SHAPES

    start = _peak()
    shape = SHAPES["internvl2-2b"].with_layers(layers)
    step_of, weights, logits = prepare(step, shape, TILES[tiles], stride, answer)
    begun = time.process_time(), time.perf_counter()
    loss = step_of()
    seconds, wall = time.process_time() - begun[0], time.perf_counter() - begun[1]
    return {
        "step": step,
        "layers": layers,
        "seconds": seconds,
        "wall": wall,
        "loss": loss,
        "peak": _peak() - start,
        "weights": weights,
        "logits": logits(),
    }


def _peak() -> int:
    """Most bytes of memory this process has had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def summarise(records: list[Record], layers: int) -> Record:
    """Medians of both steps and their ratios.

    Args:
        records: of ``measure``.
        layers: which of them.
    """

    def of(step: str, name: str, pick: Callable[[list[float]], float] = statistics.median) -> float:
        return pick([record[name] for record in records if record["step"] == step and record["layers"] == layers])

    steps = {
        step: {name: of(step, name) for name in ("seconds", "loss", "peak", "weights", "logits")} for step in STEPS
    }
    for values in steps.values():
        values["rest"] = values["peak"] - values["weights"] - values["logits"]
    pairs = [[r["seconds"] for r in records if r["step"] == step and r["layers"] == layers] for step in STEPS]
    speedups = [obvious / ours for ours, obvious in zip(*pairs, strict=True)]
    return {
        "layers": layers,
        **steps,
        "speedup": statistics.median(speedups),
        "speedups": speedups,
        "memory": steps["ours"]["peak"] / steps["obvious"]["peak"],
    }


def extrapolate(few: Record, more: Record) -> Record:
    """Time and memory of all layers: a straight line through two measurements.

    Args:
        few: ``summarise`` of the fewest layers.
        more: of the most.
    """
    steps = {step: {name: _line(few, more, step, name) for name in (*_MEMORY, "seconds")} for step in STEPS}
    ours, obvious = (steps[step] for step in STEPS)
    ratios = {"speedup": obvious["seconds"] / ours["seconds"], "memory": ours["peak"] / obvious["peak"]}
    return {"layers": FULL_LAYERS, "extrapolated": True, **steps, **ratios}


def _line(few: Record, more: Record, step: str, name: str) -> float:
    first: float = few[step][name]
    slope = (more[step][name] - first) / (more["layers"] - few["layers"])
    return first + slope * (FULL_LAYERS - few["layers"])


def table(summary: list[Record]) -> str:
    """The figures as text.

    Args:
        summary: of ``summarise`` and ``extrapolate``.
    """
    lines = [f"{'layers':>12} {'step':8} {'seconds':>8}" + "".join(f" {name:>8}" for name in _MEMORY) + "  GiB"]
    for entry in summary:
        shown = f"{'≈ ' if 'extrapolated' in entry else ''}{entry['layers']}"
        for step in STEPS:
            memory = "".join(f" {entry[step][name] / 2**30:8.2f}" for name in _MEMORY)
            lines.append(f"{shown:>12} {step:8} {entry[step]['seconds']:8.1f}{memory}")
        lines.append(f"{'':12} {entry['speedup']:.2f} × faster, {entry['memory']:.2f} × the peak memory")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
