"""What compression buys at inference, measured: InternVL2's shapes with random weights, students and rivals in turns.

    python benchmarks/inference.py --out runs/inference                            # all layers: for a GPU
    python benchmarks/inference.py --out runs/inference --shapes internvl2-2b --layers 1 --tiles 7 --repeats 3

For each shape ``SHAPE.json`` holds what ``fcotvl bench`` measures. ``attention_maps.json`` holds what it costs to have
attention maps, which VisionZip and PruMerge+ need of the vision tower and FastV's published code of the language model:
one layer's attention with its map against the fused kernel that never has one. The end of the table says whether the
measured speed-up reaches 0.9 × the FLOP model's. Files that are there are not measured again.
"""

import argparse
import json
import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch.nn.functional import scaled_dot_product_attention

from fcotvl_hf.cost.kv import head_dim
from fcotvl_hf.cost.shapes import SHAPES, Shape
from fcotvl_hf.eval_harness.peak_memory import PeakMemory
from fcotvl_hf.eval_harness.timing import now
from fcotvl_hf.evaluation.bench import fastest_dtype, run_bench
from fcotvl_hf.io.atomic import atomic_write

TARGET = 0.9
"""Share of the FLOP model's speed-up that ours should reach."""
Record = dict[str, Any]
Attention = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, bool], torch.Tensor]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what has not been measured, print tables.

    Args:
        argv: arguments; ``sys.argv``'s by default.
    """
    args = make_parser().parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    lines = []
    for name in args.shapes:
        file = args.out / f"{name}.json"
        if not file.exists():
            run_bench(
                [],
                file,
                shape=name,
                layers=args.layers,
                reduce=args.reduce,
                tiles=args.tiles,
                new_tokens=args.new_tokens,
                repeats=args.repeats,
                warm_up=args.warm_up,
            )
        lines += verdict(json.loads(file.read_text(encoding="utf-8")))
    maps = args.out / "attention_maps.json"
    if not maps.exists():
        device = PartialState().device
        sizes = [(SHAPES[name], tiles) for name in args.shapes for tiles in args.tiles]
        records = [record for shape, tiles in sizes for record in attention_maps(shape, tiles, args.repeats, device)]
        atomic_write(maps, json.dumps({"machine": platform.machine(), "records": records}, indent=2) + "\n")
    print("\n".join([*lines, "", *maps_table(json.loads(maps.read_text(encoding="utf-8"))["records"])]))


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the records")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["internvl2-2b", "internvl2-8b"])
    parser.add_argument(
        "--layers", type=int, help="of the language model, the vision tower in proportion; default: all"
    )
    parser.add_argument("--tiles", type=int, nargs="+", default=[7, 13], help="default: 7 13")
    parser.add_argument("--reduce", nargs="*", default=["visionzip:0.5", "fastv:0.5"], metavar="METHOD:KEEP")
    parser.add_argument("--new-tokens", type=int, default=16, help="to decode after the first (default: 16)")
    parser.add_argument("--repeats", type=int, default=5, help="rounds that count (default: 5)")
    parser.add_argument("--warm-up", type=int, default=1, help="rounds before them (default: 1)")
    return parser


def verdict(record: Record) -> list[str]:
    """Whether the students' measured speed-ups reach the target.

    Args:
        record: of ``run_bench``.
    """
    clock = "speedup_cpu" if record["device"] == "cpu" else "speedup"  # others use a CPU as well
    lines = []
    for result in record["results"]:
        for entry in result["contenders"][1:]:
            share = entry[clock] / entry["speedup_predicted"]
            said = f"{share:.2f} × the FLOP model's {entry['speedup_predicted']:.2f}: "
            said += f"{'at least' if share >= TARGET else 'below'} {TARGET}"
            lines.append(
                f"{record['shape']}, {result['tiles']} tiles, {entry['name']}: {entry[clock]:.2f} × faster, {said}"
            )
    return lines


def attention_maps(shape: Shape, tiles: int, repeats: int, device: torch.device) -> list[Record]:
    """Time and memory of one layer's attention, with its map and without.

    Args:
        shape: of the model.
        tiles: of the prompt.
        repeats: rounds; both take turns.
        device: where.

    Returns:
        One record each for the vision tower and the language model: medians of ``seconds`` and ``cpu``, and the highest
        ``peak`` in bytes beyond queries, keys and values, by way of attention.
    """
    vision, text = shape.vision_config, shape.text_config
    patches = (shape.tile_size // vision.patch_size[0]) ** 2 + 1
    length = tiles * shape.image_seq_length + 80
    sizes = {
        "vision tower": (tiles, vision.num_attention_heads, patches, vision.hidden_size // vision.num_attention_heads),
        "language model": (1, text.num_attention_heads, length, head_dim(text)),
    }
    records = []
    for part, size in sizes.items():
        inputs = [torch.randn(size, device=device, dtype=fastest_dtype(device)) for _ in range(3)]
        causal = part == "language model"
        runs: dict[str, list[tuple[float, float, int | None]]] = {"fused": [], "with_map": []}
        for _ in range(repeats):
            for name, attend in (("fused", fused), ("with_map", with_map)):
                runs[name].append(_measured(attend, inputs, causal, device))
        summary = {name: _summary(own) for name, own in runs.items()}
        records.append({"shape": shape.name, "tiles": tiles, "part": part, "size": list(size), **summary})
    return records


def fused(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, causal: bool) -> torch.Tensor:
    """Attention without a map, all tensors ``[batch, heads, length, width]``."""
    return scaled_dot_product_attention(query, key, value, is_causal=causal)


def with_map(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, causal: bool) -> torch.Tensor:
    """The same by way of its map ``[batch, heads, length, length]``, as transformers' eager attention."""
    scores = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
    if causal:
        later = torch.ones(scores.shape[2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(later, torch.finfo(scores.dtype).min)
    return scores.softmax(-1, dtype=torch.float32).to(value.dtype) @ value


@torch.inference_mode()
def _measured(
    attend: Attention, inputs: list[torch.Tensor], causal: bool, device: torch.device
) -> tuple[float, float, int | None]:
    query, key, value = inputs
    with PeakMemory(device) as memory:
        begun = now(device)
        attend(query, key, value, causal)
        spent = now(device) - begun
    return spent.wall, spent.cpu, memory.bytes


def _summary(runs: list[tuple[float, float, int | None]]) -> Record:
    wall, cpu, peaks = zip(*runs, strict=True)
    peak = max((each for each in peaks if each is not None), default=None)
    return {"seconds": statistics.median(wall), "cpu": statistics.median(cpu), "peak": peak}


def maps_table(records: list[Record]) -> list[str]:
    """The attention of one layer, as lines of text.

    Args:
        records: of ``attention_maps``.
    """
    lines = [f"{'attention of one layer':44} {'seconds':>18} {'CPU seconds':>18} {'peak MiB':>16}"]
    lines.append(f"{'':44} {'fused   with map':>18} {'fused   with map':>18} {'fused with map':>16}")
    for record in records:
        ways = (record["fused"], record["with_map"])
        name = f"{record['shape']}, {record['tiles']} tiles, {record['part']}"
        seconds, cpu = ("".join(f"{way[key]:9.3g}" for way in ways) for key in ("seconds", "cpu"))
        peak = "".join(f"{'–' if way['peak'] is None else round(way['peak'] / 2**20):>8}" for way in ways)
        lines.append(f"{name:44} {seconds} {cpu} {peak}")
    return lines


if __name__ == "__main__":
    main()
