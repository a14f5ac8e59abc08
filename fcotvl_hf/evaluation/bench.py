"""``fcotvl bench``: models, or random ones of a named shape, measured in turns on the device at hand."""

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch

from fcotvl_hf.baselines import METHODS, Specification, parse_specification, reduced
from fcotvl_hf.baselines.sharing import with_compressor
from fcotvl_hf.command import UsageError, check_file
from fcotvl_hf.conversion.student import student_config
from fcotvl_hf.cost.shapes import SHAPES, Shape
from fcotvl_hf.eval_harness.efficiency import Contender, Figures, Workload, compare
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.eval_harness.progress import shown_progress
from fcotvl_hf.eval_harness.results import code_commit
from fcotvl_hf.eval_harness.tables import print_whole
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.hub.names import shown_name
from fcotvl_hf.hub.random_weights import random_model, shape_processor
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.modeling import FCoTVLProcessor, build_compressor
from fcotvl_hf.tiny.precision import has_bfloat16

from .bench_table import bench_table
from .paper import TABLE_5

SCHEMA = 1
"""Of what ``run_bench`` writes; raised whenever a key changes its meaning."""

_PACKAGES = ("fcotvl-hf", "torch", "transformers")


def run_bench(
    models: Sequence[str],
    out: Path | None,
    *,
    shape: str | None = None,
    layers: int | None = None,
    strides: Sequence[int] | None = None,
    reduce: Sequence[str] = (),
    tiles: Sequence[int] = (7, 13),
    text_tokens: int = 80,
    new_tokens: int = 16,
    batch_size: int = 1,
    repeats: int = 5,
    warm_up: int = 1,
    dtype: str | None = None,
) -> None:
    """Measure, write JSON, print a table on stderr.

    Args:
        models: packaged names, folders or Hub ids; the first is what the others are compared with.
        out: the JSON file, written anew after each number of tiles; stdout if ``None``.
        shape: a key of ``SHAPES`` instead of models: its teacher and students with random weights.
        layers: of the shape's language model; all of them by default. The vision tower gets its share.
        strides: of the shape's students; 2 and 4 by default.
        reduce: reductions of the first model without training, ``METHOD:KEEP`` each, see ``baselines.specification``.
        tiles: tiles of a prompt, one table for each number.
        text_tokens: tokens of a prompt that are no visual tokens.
        new_tokens: tokens to decode after the first.
        batch_size: prompts at once.
        repeats: rounds that count.
        warm_up: rounds before them that do not.
        dtype: of weights and cache; by default bfloat16 where the device multiplies in it by itself, else float32.

    Raises:
        UsageError: models and a shape are given, or neither; layers or strides do not fit the shape; a reduction is
            none, or needs pages; ``out`` cannot be a file; several processes were started.
        ValueError: a model is of another kind, or cannot be reduced.
        OSError: a model is not there.
    """
    if bool(models) == bool(shape):
        raise UsageError("give models, or a --shape; not both")
    if processes().num_processes > 1:
        raise UsageError("bench measures on one device: start it without accelerate launch")
    if shape is None and (layers or strides):
        raise UsageError("--layers and --strides belong to a --shape; models have their own")
    if out is not None:
        check_file(out)
    reductions = [_reduction(text) for text in reduce]
    device = processes().device
    chosen = getattr(torch, dtype) if dtype else fastest_dtype(device)
    if shape:
        contenders = _of_shape(_cut(SHAPES[shape], layers), strides, chosen, device)
    else:
        contenders = [Contender(shown_name(name), *load_model(name, chosen, device)) for name in models]
    contenders += [_reduced(contenders[0], reduction) for reduction in reductions]
    told = {"text_tokens": text_tokens, "new_tokens": new_tokens, "batch_size": batch_size}
    record = _about(contenders[0], shape) | {"settings": {**told, "repeats": repeats, "warm_up": warm_up}}
    measured: dict[int, list[Figures]] = {}
    total = len(tiles) * (warm_up + repeats) * len(contenders)
    with shown_progress("answers", total, sys.stderr.isatty()) as done:
        for count in tiles:
            measured[count] = compare(contenders, Workload(count, **told), repeats, warm_up, done)
            results = [{"tiles": key, "contenders": [*map(asdict, figures)]} for key, figures in measured.items()]
            text = json.dumps({**record, "results": results}, indent=2) + "\n"
            if out is not None:
                atomic_write(out, text)
    if out is None:
        sys.stdout.write(text)
    print_whole(bench_table(measured, shape), stderr=True)


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies in it by itself, else float32."""
    return torch.bfloat16 if device.type != "cpu" or has_bfloat16() else torch.float32


def _reduction(text: str) -> Specification:
    asked = parse_specification(text)
    if METHODS[asked.method].needs_rows:
        raise UsageError(f"{text} chooses tiles page by page; measure what that saves with other --tiles")
    return asked


def _reduced(first: Contender, reduction: Specification) -> Contender:
    made = reduced(first.model, first.processor, reduction)
    return Contender(str(reduction), made.model, cast(FCoTVLProcessor, made.processor))  # one for all: it needs no rows


def _cut(shape: Shape, layers: int | None) -> Shape:
    try:
        return shape.with_layers(layers) if layers else shape
    except ValueError as error:
        raise UsageError(str(error)) from None


def _of_shape(shape: Shape, strides: Sequence[int] | None, dtype: torch.dtype, device: torch.device) -> list[Contender]:
    """A teacher with random weights and its students, which share all of them but their compressors."""
    try:
        students = [shape.at_stride(stride) for stride in strides or (2, 4)]
    except ValueError as error:
        raise UsageError(str(error)) from None
    processor = shape_processor(shape)
    teacher = random_model(shape, processor, dtype, device)
    contenders = [Contender(shape.name, teacher, processor)]
    for student in students:
        config = student_config(teacher.config, "conv1d", student.compressor_stride)
        with torch.device(device):
            compressor = build_compressor(config).to(dtype)
        model = with_compressor(teacher, compressor, config.compressor_type, config.compressor_stride)
        contenders.append(Contender(f"{100 * config.compression:.4g} %", model, shape_processor(student)))
    return contenders


def _about(first: Contender, shape: str | None) -> dict[str, Any]:
    """Everything needed to repeat a run, but its settings."""
    text = first.model.config.text_config
    return {
        "schema": SCHEMA,
        "shape": shape,
        "language_layers": text.num_hidden_layers,
        "vision_layers": first.model.config.vision_config.num_hidden_layers,
        "device": str(first.model.device),
        "machine": _machine(first.model.device),
        "threads": torch.get_num_threads(),
        "dtype": str(first.model.dtype).removeprefix("torch."),
        "attention": text._attn_implementation,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "commit": code_commit(),
        "paper": TABLE_5.get(shape or ""),
    }


def _machine(device: torch.device) -> str:
    if device.type in ("cpu", "mps"):
        return platform.processor() or platform.machine()
    return str(torch.get_device_module(device).get_device_name(device))
