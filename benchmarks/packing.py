"""Packed fine-tuning against padded and length-grouped batches: how full sequences are, and samples per second.

    python benchmarks/packing.py --strides 2 4 --repeats 3 --out packing.json

The rows are those of ``packing_mix.py``. How full: over ``--rows`` rows, the share of positions that hold tokens, for
packs of 4,096 and 5,120 tokens and for batches of ``--batch`` rows in random order or grouped by length as the Trainer
does.

Samples per second: forward and backward of all parameters in float32 (``--frozen-vit``: without the vision tower, as
InternVL2's own fine-tuning script has it), on random weights in InternVL2-2B's shape. Everything is a quarter of the
true size – widths, tokens of a tile, tokens of a text, context length –, which leaves attention its share. Vision tower
and language model keep their ratio of 24 to 24 layers with ``--layers`` each, the vocabulary shrinks with them, and
mean pooling compresses: a convolution, 1 % of the whole tower, would be a quarter of one layer. All ways train on the
same rows and take turns. With few rows, grouping by length pads more than in a long run; the share of each way is
written down. Seconds are CPU seconds of one thread, which other load on the machine lengthens little; the load average
is written down as well.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from packing_mix import Row, rows
from rich.console import Console
from rich.table import Table
from torch.nn import functional as F
from transformers.trainer_pt_utils import get_length_grouped_indices

from fcotvl_hf.cost.shapes import SHAPES
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration
from fcotvl_hf.training.alignment import IGNORED, response_rows
from fcotvl_hf.training.packed_attention import attend_row_by_row
from fcotvl_hf.training.packing import RowSize, pack_rows
from fcotvl_hf.training.packing_collator import join_rows
from fcotvl_hf.training.skipping import ROW_OF

SHAPE = SHAPES["internvl2-2b"]
SCALE = 4
"""What sizes are divided by in the timed part."""
TRUE_LAYERS = 24
PACK_TILES = 64
CONTEXTS = (4096, 5120)
MEGA_BATCH = 50
"""Batches that the Trainer sorts together when it groups by length; fewer where a data set is small."""
IMAGE_TOKEN = 3
Batch = dict[str, torch.Tensor]
Groups = list[list[int]]


def main() -> None:
    """Count, measure, print tables, write JSON."""
    args = make_parser().parse_args()
    mix = list(rows(args.rows, args.seed))
    written: dict[str, Any] = {"settings": {**vars(args), "out": str(args.out)}, "load_before": os.getloadavg()}
    written["fill"] = [fill(mix, stride, context, args.batch) for stride in (1, 2, 4) for context in CONTEXTS]
    Console().print(fill_table(written["fill"], args.batch))
    if args.repeats:
        torch.set_num_threads(1)
        written["speed"] = [speed(mix, stride, args) for stride in args.strides]
        Console().print(speed_table(written["speed"], args))
    args.out.write_text(json.dumps(written | {"load_after": os.getloadavg()}, indent=2) + "\n")


def make_parser() -> argparse.ArgumentParser:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=5000, help="rows to count with (default: 5000)")
    parser.add_argument("--batch", type=int, default=8, help="rows of a padded micro-batch (default: 8)")
    parser.add_argument("--strides", type=int, nargs="+", default=[2, 4], help="strides to time (default: 2 4)")
    parser.add_argument("--samples", type=int, default=64, help="rows to time, the first ones (default: 64)")
    parser.add_argument("--layers", type=int, default=2, help="layers of both towers (default: 2)")
    parser.add_argument("--frozen-vit", action="store_true", help="do not train the vision tower")
    parser.add_argument("--repeats", type=int, default=3, help="times to measure each way; 0 only counts (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of rows and weights (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("packing.json"), help="default: packing.json")
    return parser


# How full


def fill(mix: Sequence[Row], stride: int, context: int, batch: int) -> dict[str, Any]:
    """Share of positions that hold tokens, in packs and in batches.

    Args:
        mix: the rows.
        stride: the compressor's.
        context: tokens of a pack.
        batch: rows of a padded batch.
    """
    sizes = [row.size(SHAPE.image_seq_length // stride) for row in mix]
    limit = RowSize(context, PACK_TILES)
    kept = [index for index, size in enumerate(sizes) if size.fits(limit)]
    packs = _packs(sizes, kept, limit)
    shuffled = random.Random(0).sample(kept, len(kept))
    lengths = [size.tokens for size in sizes]
    tokens = sum(lengths[index] for index in kept)

    def share(groups: Groups) -> float:
        return tokens / sum(len(group) * max(lengths[index] for index in group) for group in groups)

    return {
        "stride": stride,
        "context_length": context,
        "packed": tokens / (len(packs) * context),
        "padded": share(_cut(shuffled, batch)),
        "grouped": share(_grouped(lengths, kept, batch)),
        "rows_per_pack": len(kept) / len(packs),
        "tiles_per_pack": sum(sizes[index].tiles for index in kept) / len(packs),
        "left_out": len(mix) - len(kept),
        "longest_row": max(lengths),
    }


def _packs(sizes: Sequence[RowSize], kept: Iterable[int], limit: RowSize) -> Groups:
    return [[index for index, _ in pack] for pack in pack_rows(((index, sizes[index]) for index in kept), limit)]


def _grouped(lengths: Sequence[int], kept: Sequence[int], batch: int) -> Groups:
    generator = torch.Generator().manual_seed(0)
    order = get_length_grouped_indices([lengths[i] for i in kept], batch, MEGA_BATCH, generator)
    return _cut([kept[place] for place in order], batch)


def _cut(order: Sequence[int], batch: int) -> Groups:
    return [list(order[start : start + batch]) for start in range(0, len(order), batch)]


def fill_table(counted: Sequence[dict[str, Any]], batch: int) -> Table:
    """The shares, one line per stride and context length."""
    table = Table(title=f"Positions that hold tokens (batches of {batch} rows), rows and tiles of a pack")
    for heading in ("stride", "context", "packed", "padded", "grouped", "rows", "tiles", "left out"):
        table.add_column(heading, justify="right")
    for entry in counted:
        shares = [f"{entry[way]:.1%}" for way in ("packed", "padded", "grouped")]
        means = [f"{entry[name]:.1f}" for name in ("rows_per_pack", "tiles_per_pack")]
        table.add_row(str(entry["stride"]), f"{entry['context_length']:,}", *shares, *means, str(entry["left_out"]))
    return table


# Samples per second


def speed(mix: Sequence[Row], stride: int, args: argparse.Namespace) -> dict[str, Any]:
    """Samples per second of each way on the same rows.

    Args:
        mix: the rows to choose from.
        stride: the compressor's.
        args: batch, samples, layers, frozen_vit, repeats and seed.
    """
    torch.manual_seed(args.seed)
    model = build_model(stride, args.layers).train()
    model.model.vision_tower.requires_grad_(not args.frozen_vit)
    small = [Row(row.tiles, max(1, row.prompt // SCALE), max(1, row.answer // SCALE)) for row in mix]
    sizes = [row.size(model.config.image_seq_length) for row in small]
    limit = RowSize(CONTEXTS[0] // SCALE, PACK_TILES)
    kept = [index for index, size in enumerate(sizes) if size.fits(limit)]
    trained = kept[: args.samples]
    shuffled = random.Random(0).sample(trained, len(trained))
    packs = _packs(sizes, trained, limit)
    padded = {
        "padded": _cut(shuffled, args.batch),
        "grouped": _grouped([size.tokens for size in sizes], trained, args.batch),
    }
    ways = {"packed": [join_rows(make_batch(model.config, [small[i] for i in pack]), [len(pack)]) for pack in packs]}
    for way, groups in padded.items():
        ways[way] = [make_batch(model.config, [small[i] for i in group]) for group in groups]
    train(model, ways["packed"][:1])  # the first run allocates
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(args.repeats):
        for way, batches in ways.items():
            seconds[way].append(train(model, batches))
            Console(file=sys.stderr).print(f"stride {stride}, {way}: {seconds[way][-1]:.1f} s")
    ratios = {
        way: [other / packed for other, packed in zip(seconds[way], seconds["packed"], strict=True)]
        for way in ("padded", "grouped")
    }
    tokens = sum(sizes[index].tokens for index in trained)
    return {
        "stride": stride,
        "samples": len(trained),
        "fill": {way: tokens / sum(batch["input_ids"].numel() for batch in batches) for way, batches in ways.items()},
        "cpu_seconds": seconds,
        "samples_per_second": {way: len(trained) / statistics.median(values) for way, values in seconds.items()},
        "speedup": {way: statistics.median(values) for way, values in ratios.items()},
        "speedups": ratios,
    }


def build_model(stride: int, layers: int) -> FCoTVLForConditionalGeneration:
    """A model in the shape of InternVL2-2B, its sizes divided by ``SCALE``."""
    vision, text = SHAPE.vision_config, SHAPE.text_config
    side = round(vision.image_size[0] / SCALE**0.5)
    config = FCoTVLConfig(
        compressor_type="mean" if stride > 1 else "none",
        compressor_stride=stride,
        image_token_id=IMAGE_TOKEN,
        tie_word_embeddings=False,
        vision_config={
            "hidden_size": vision.hidden_size // SCALE,
            "intermediate_size": vision.intermediate_size // SCALE,
            "num_hidden_layers": layers,
            "num_attention_heads": vision.num_attention_heads,
            "image_size": [side, side],
            "patch_size": list(vision.patch_size),
        },
        text_config={
            "model_type": "llama",
            "hidden_size": text.hidden_size // SCALE,
            "intermediate_size": text.intermediate_size // SCALE,
            "num_hidden_layers": layers,
            "num_attention_heads": text.num_attention_heads,
            "num_key_value_heads": text.num_key_value_heads,
            "vocab_size": text.vocab_size * layers // (SCALE * TRUE_LAYERS),
        },
    )
    model = FCoTVLForConditionalGeneration(config)
    attend_row_by_row(model)
    return model


def make_batch(config: FCoTVLConfig, group: Sequence[Row]) -> Batch:
    """Random tokens and pixels in the lengths of some rows, padded on the right."""
    tokens_per_tile, vocabulary = config.image_seq_length, config.text_config.vocab_size
    sizes = [row.size(tokens_per_tile) for row in group]
    shape = (len(group), max(size.tokens for size in sizes))
    ids = torch.randint(IMAGE_TOKEN + 1, vocabulary, shape)
    mask, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, IGNORED)
    for place, (row, size) in enumerate(zip(group, sizes, strict=True)):
        ids[place, 1 : 1 + row.tiles * tokens_per_tile] = IMAGE_TOKEN
        mask[place, : size.tokens] = 1
        labels[place, size.tokens - row.answer : size.tokens] = ids[place, size.tokens - row.answer : size.tokens]
    batch = {"input_ids": ids, "attention_mask": mask, "labels": labels, ROW_OF: torch.arange(len(group))}
    side = config.vision_config.image_size[0]
    tiles = sum(row.tiles for row in group)
    return batch | ({"pixel_values": torch.randn(tiles, 3, side, side)} if tiles else {})


def train(model: FCoTVLForConditionalGeneration, batches: Sequence[Batch]) -> float:
    """Forward and backward of all batches; CPU seconds."""
    begun = time.process_time()
    for batch in batches:
        inputs = {name: values for name, values in batch.items() if name not in ("labels", ROW_OF)}
        hidden = model.model(**inputs, use_cache=False).last_hidden_state
        found, targets = response_rows(hidden, batch["labels"])
        F.cross_entropy(model.lm_head(found), targets, reduction="sum").backward()
    model.zero_grad()
    return time.process_time() - begun


def speed_table(measured: Sequence[dict[str, Any]], args: argparse.Namespace) -> Table:
    """Samples per second, and how much faster packing is."""
    table = Table(title=f"Samples per CPU second; batches of {args.batch} rows, {args.layers} + {args.layers} layers")
    for heading in ("stride", "rows", "packed", "padded", "grouped", "over padded", "over grouped"):
        table.add_column(heading, justify="right")
    for entry in measured:
        rates = [f"{entry['samples_per_second'][way]:.2f}" for way in ("packed", "padded", "grouped")]
        ratios = [f"{entry['speedup'][way]:.2f} x" for way in ("padded", "grouped")]
        table.add_row(str(entry["stride"]), str(entry["samples"]), *rates, *ratios)
    return table


if __name__ == "__main__":
    main()
