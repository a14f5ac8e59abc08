"""What ``fcotvl bench`` measured, for the terminal."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from fcotvl_hf.cost.table import BYTES, with_unit
from fcotvl_hf.eval_harness.efficiency import Figures

from .paper import paper_speedups

COLUMNS = (
    "visual\ntokens",
    "ViT\ns",
    "connector\ns",
    "LLM\ns",
    "prefill\ns",
    "decode\ntokens/s",
    "KV cache",
    "peak\nmemory",
) + (
    "prefill\nspeed-up",
    "in CPU\ntime",
    "FLOP\nmodel",
    "LLM\nspeed-up",
    "FLOP\nmodel",
    "paper: DocVQA\nChartQA InfoVQA",
)
NOTES = (
    "Medians. Prefill is the time to the first token: ViT, connector (compressor, projector) and LLM. Speed-ups: the "
    "first line's time over this one's; the FLOP model counts attention causally. KV cache: with the decoded tokens. "
    "Peak memory: beyond weights. The paper's speed-ups (Table 5) include decoding."
)


def bench_table(measured: Mapping[int, Sequence[Figures]], shape: str | None) -> Table:
    """A table with a block for each number of tiles, and what its columns mean.

    Args:
        measured: tiles of a prompt → all contenders.
        shape: whose figures in the paper to show; ``None`` shows none.
    """
    table = Table(caption=NOTES, caption_justify="left")
    table.add_column("tiles", justify="right")
    table.add_column("", no_wrap=True)
    for heading in COLUMNS if shape else COLUMNS[:-1]:
        table.add_column(heading, justify="right", no_wrap=True)
    for tiles, contenders in measured.items():
        for number, figures in enumerate(contenders):
            is_student = figures.multiply_adds.compressor > 0  # what the paper has
            paper = paper_speedups(shape, figures.compression) if shape and is_student else []
            cells = [*_cells(figures), *([" ".join(f"{ratio:.2f}" for ratio in paper)] if shape else [])]
            last = number == len(contenders) - 1
            table.add_row("" if number else str(tiles), figures.name, *cells, end_section=last)
    return table


def _cells(figures: Figures) -> list[str]:
    seconds = (figures.vision_seconds, figures.connector_seconds, figures.language_seconds, figures.prefill_seconds)
    ratios = (figures.speedup, figures.speedup_cpu, figures.speedup_predicted)
    of_language = (figures.language_speedup, figures.language_speedup_predicted)
    return [
        f"{figures.visual_tokens:,.4g}",
        *(f"{second:.3g}" for second in seconds),
        f"{figures.decode_tokens_per_second:.3g}",
        _bytes(figures.kv_bytes),
        "–" if figures.peak_bytes is None else _bytes(figures.peak_bytes),
        *(f"{ratio:.2f}" for ratio in (*ratios, *of_language)),
    ]


def _bytes(amount: int) -> str:
    return with_unit(amount, 1024, BYTES)
