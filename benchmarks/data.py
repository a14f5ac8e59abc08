"""How fast pages are made: samples per second and core of each category, beside other ways to make such pages.

    python benchmarks/data.py --samples 20 --out data.json       needs the extra data
    pip install reportlab pypdfium2 weasyprint                   for the alternatives, each left out where it is absent
    python benchmarks/data.py --parallel 400                     how much faster two processes are than one

Speeds are per second of CPU time, so that a busy machine changes them little; the parallel efficiency is of wall clock
time and only means something on an idle one, which is why the load is reported beside it.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from fcotvl_hf.dataset_builders.card import About
from fcotvl_hf.dataset_builders.ocr_mix.pages import (
    chart,
    diagram,
    document,
    formula,
    gui,
    handwritten,
    recognition,
    scene,
    table,
    web,
)
from fcotvl_hf.dataset_builders.ocr_mix.presets import PRESETS
from fcotvl_hf.dataset_builders.ocr_mix.prose import Writer
from fcotvl_hf.dataset_builders.publish import Writing, write_dataset
from fcotvl_hf.dataset_builders.rendering import encode
from fcotvl_hf.dataset_builders.rows import Sample

OURS = {
    module.TASK: module.sample
    for module in (recognition, document, web, table, chart, handwritten, scene, formula, gui, diagram)
}


def main(argv: list[str] | None = None) -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20, help="of each category (default: %(default)s)")
    parser.add_argument(
        "--parallel", type=int, metavar="N", help="build N rows with one process, then with two, instead"
    )
    parser.add_argument("--out", type=Path, help="also write the figures here, as JSON")
    args = parser.parse_args(argv)
    figures = _efficiency(args.parallel) if args.parallel else _speeds(args.samples)
    print(json.dumps(figures, indent=2))
    if args.out:
        args.out.write_text(json.dumps(figures, indent=2) + "\n")


def _encoded(draw: Callable[[int], Sample], seed: int) -> bytes:
    return encode(draw(seed).image)


def _speeds(count: int) -> dict[str, Any]:
    """Name → samples per second of CPU time, the picture's PNG or JPEG file included."""
    makers: dict[str, Callable[[int], object]] = {
        f"ours: {name}": partial(_encoded, draw) for name, draw in OURS.items()
    }
    makers |= {f"other: {name}": draw for name, (needed, draw) in OTHERS.items() if all(map(find_spec, needed))}
    absent = [name for name, (needed, _) in OTHERS.items() if not all(map(find_spec, needed))]
    if absent:
        print(f"left out, for want of packages: {', '.join(absent)}", file=sys.stderr)
    speeds = {}
    for name, make in makers.items():
        make(10_000)  # fonts are loaded and templates parsed once
        start = time.process_time()
        for seed in range(count):
            make(seed)
        speeds[name] = round(count / (time.process_time() - start), 2)
    return {"samples_per_cpu_second": speeds, "samples": count}


def _efficiency(rows: int) -> dict[str, Any]:
    """Wall clock seconds of one and of two processes; efficiency is t₁ / (2 t₂)."""
    load = os.getloadavg()[0]
    seconds = {}
    for num_proc in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            about = About("ocr-mix", "Benchmark", "", {"seed": 0}, "")
            start = time.perf_counter()
            write_dataset(Path(folder) / "set", PRESETS["ocr-mix"].parts(rows, 0), about, Writing(num_proc))
            seconds[num_proc] = time.perf_counter() - start
    efficiency = seconds[1] / (2 * seconds[2])
    return {"rows": rows, "seconds": seconds, "efficiency": round(efficiency, 3), "load_before": load}


def _paragraphs(seed: int) -> list[str]:
    """The text of about one page."""
    writer = Writer(Random(seed), "en")
    return [writer.title(), *(writer.paragraph(4, 6) for _ in range(7))]


def _reportlab(seed: int) -> object:
    """A page of paragraphs by reportlab, rasterised by pypdfium2 at 130 pixels per inch."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    style = getSampleStyleSheet()["Normal"]
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer).build([Paragraph(text, style) for text in _paragraphs(seed)])
    return _rasterised(buffer.getvalue())


def _weasyprint(seed: int) -> object:
    """The same by weasyprint from HTML."""
    from weasyprint import HTML

    html = "".join(f"<p>{text}</p>" for text in _paragraphs(seed))
    return _rasterised(HTML(string=f"<html><body>{html}</body></html>").write_pdf())


def _rasterised(pdf: bytes) -> object:
    import pypdfium2

    image = pypdfium2.PdfDocument(pdf)[0].render(scale=130 / 72).to_pil()
    return encode(image)


OTHERS: dict[str, tuple[tuple[str, ...], Callable[[int], object]]] = {
    "document by reportlab": (("reportlab", "pypdfium2"), _reportlab),
    "document by weasyprint": (("weasyprint", "pypdfium2"), _weasyprint),
}


if __name__ == "__main__":
    main()
