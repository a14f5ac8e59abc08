"""What an evaluation costs beside the model: time outside of ``generate`` and of making tiles, by part.

    python benchmarks/eval_overhead.py --shape internvl2-2b --layers 2 --rows 16
    python benchmarks/eval_overhead.py --model tiny --rows 64

Rows are pages of the eye test as PNG files, exactly one tile each: with so little for the model to see, the harness
weighs as much as it ever will. Seconds are CPU seconds of the process, which other load lengthens little. The first
batch is asked once before, so that what comes with the first call of anything is left out.
"""

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from fcotvl_hf.cost.shapes import SHAPES
from fcotvl_hf.dataset_builders.ocr_mix import legibility
from fcotvl_hf.eval_harness import backend, runner
from fcotvl_hf.eval_harness.pictures import png
from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.hub.random_weights import random_model, shape_processor
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLImageProcessor, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]

PARTS: Mapping[str, list[tuple[Any, str]]] = {
    "generate": [(FCoTVLForConditionalGeneration, "generate")],
    "tiles": [(FCoTVLImageProcessor, "preprocess")],
    "decode PNG": [(runner, "load_image"), (runner, "read_size")],
    "template": [(FCoTVLProcessor, "apply_chat_template")],
    "tokenize": [(FCoTVLProcessor, "__call__")],
    "answers to text": [(FCoTVLProcessor, "batch_decode")],
    "hashes": [(runner, "row_hash"), (backend, "model_fingerprint")],
    "scores": [(runner, "_record")],
    "write": [(runner, "append_records")],
}
"""Part of an evaluation → the functions that do it; what they call of another part counts there."""

MODELS_OWN = ("generate", "tiles")


def main() -> None:
    """Measure, print a table, write JSON."""
    args = make_parser().parse_args()
    model, processor = load_model(args.model, device="cpu") if args.model else shaped(args.shape, args.layers)
    tile = processor.image_processor.size["height"]
    seconds = measure((model, processor), rows(args.rows, tile), args.batch_size, args.new_tokens)
    print(table(seconds))
    settings = {key: value for key, value in vars(args).items() if key != "out"}
    record = {"settings": settings, "machine": platform.machine(), "torch_threads": torch.get_num_threads()}
    args.out.write_text(json.dumps({**record, "seconds": seconds, "overhead": overhead(seconds)}, indent=2) + "\n")


def make_parser() -> argparse.ArgumentParser:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", help="folder or packaged name")
    which.add_argument("--shape", choices=SHAPES, help="random weights in this shape instead")
    parser.add_argument("--layers", type=int, default=2, help="layers of both towers of the shape (default: 2)")
    parser.add_argument("--rows", type=int, default=16, help="default: 16")
    parser.add_argument("--batch-size", type=int, default=8, help="default: 8")
    parser.add_argument("--new-tokens", type=int, default=16, help="longest answer (default: 16)")
    parser.add_argument("--out", type=Path, default=Path("eval_overhead.json"), help="default: eval_overhead.json")
    return parser


def shaped(name: str, layers: int) -> Model:
    """A random model of a named shape, and its processor.

    Args:
        name: of the shape.
        layers: of both towers.
    """
    shape = SHAPES[name].with_layers(layers)
    processor = shape_processor(shape)
    model = random_model(shape, processor, torch.float32, torch.device("cpu"))
    model.generation_config.eos_token_id = None  # every answer is as long as it may be
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    return model, processor


def rows(count: int, tile: int) -> list[Row]:
    """Pages of the eye test with their images as the bytes of files, as data sets hold them.

    Args:
        count: how many.
        tile: side of a page in pixels.
    """
    drawn = (sample.row() for sample in legibility.samples(count, tile=tile))
    return [{**row, "images": [png(image) for image in row["images"]]} for row in drawn]


def measure(model: Model, asked: list[Row], batch_size: int, new_tokens: int) -> dict[str, float]:
    """Evaluate and take the time.

    Args:
        model: the model and its processor.
        asked: the rows.
        batch_size: rows answered together.
        new_tokens: longest answer.

    Returns:
        Part → CPU seconds; ``rest`` is what no part has.
    """
    task = replace(get_task("legibility"), max_new_tokens=new_tokens)
    evaluate(*model, asked[:batch_size], task, batch_size=batch_size, progress=False)
    watch = Stopwatch()
    with ExitStack() as patches, tempfile.TemporaryDirectory() as folder:
        for part, functions in PARTS.items():
            for owner, name in functions:
                patches.enter_context(patch.object(owner, name, watch.timed(part, getattr(owner, name))))
        with watch.running("rest"):
            evaluate(*model, asked, task, batch_size=batch_size, out=Path(folder), progress=False)
    return watch.seconds


class Stopwatch:
    """CPU seconds by part; a part stands still while another one runs inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside: list[float] = []

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted as a part's."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.running(part):
                return function(*args, **kwargs)

        return counted

    @contextmanager
    def running(self, part: str) -> Iterator[None]:
        """Count the block's time as a part's, but for the parts inside it."""
        self._inside.append(0)
        start = time.process_time()
        try:
            yield
        finally:
            taken = time.process_time() - start
            self.seconds[part] = self.seconds.get(part, 0) + taken - self._inside.pop()
            if self._inside:
                self._inside[-1] += taken


def overhead(seconds: Mapping[str, float]) -> float:
    """Share of the time outside of ``generate`` and of making tiles.

    Args:
        seconds: of ``measure``.
    """
    return sum(taken for part, taken in seconds.items() if part not in MODELS_OWN) / sum(seconds.values())


def table(seconds: Mapping[str, float]) -> str:
    """The figures as text.

    Args:
        seconds: of ``measure``.
    """
    total = sum(seconds.values())
    ordered = sorted(seconds.items(), key=lambda item: -item[1])
    lines = [f"{part:16} {taken:9.3f} s {taken / total:8.2%}" for part, taken in ordered]
    return "\n".join([*lines, f"{'overhead':16} {overhead(seconds) * total:9.3f} s {overhead(seconds):8.2%}"])


if __name__ == "__main__":
    main()
