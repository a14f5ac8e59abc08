"""The demo's ``report.html`` and its plots."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from fcotvl_hf.eval_harness.attention import token_window
from fcotvl_hf.eval_harness.plots import score_over_tokens
from fcotvl_hf.eval_harness.report import Example, answer, render_report
from fcotvl_hf.eval_harness.rows import references
from fcotvl_hf.eval_harness.token_grid import TokenGrid, token_grid
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.hub.names import resolve_model
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.modeling import FCoTVLProcessor
from fcotvl_hf.tiny.scores import Scores

from .live import LiveModel
from .plots import live_losses
from .summary import label

_OVER_TOKENS = "Score against visual tokens per image: further left is cheaper, higher is better."
_LIVE = "What was trained before your eyes: loss per response token."


def write_report(
    folder: Path,
    summary: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    answers: Sequence[Scores],
    live: Sequence[LiveModel],
    per_task: int,
) -> None:
    """Write ``report.html``, ``score-over-tokens.svg`` and ``live-loss.svg``.

    Args:
        folder: where to.
        summary: the content of ``summary.json``.
        rows: the questions, in the order that they were asked in.
        answers: each contender's results, in the order of the summary's rows.
        live: what was trained.
        per_task: pages of each task to show.
    """
    charts = {
        "score-over-tokens": (
            _OVER_TOKENS,
            score_over_tokens([{**row, "label": label(row)} for row in summary["rows"]]),
        ),
        "live-loss": (_LIVE, live_losses(live)),
    }
    for name, (_, chart) in charts.items():
        atomic_write(folder / f"{name}.svg", chart.svg)
    labelled = [{**row, "label": label(row)} for row in summary["rows"]]
    facts = {
        "pages": len(rows),
        "seed": summary["seed"],
        "seconds": round(summary["seconds"]),
        **summary["versions"],
    }
    examples = _examples(rows, labelled, answers, per_task)
    title = "The same pages with fewer visual tokens"
    atomic_write(folder / "report.html", render_report(title, facts, labelled, list(charts.values()), examples))


def _examples(
    rows: Sequence[Mapping[str, Any]], models: Sequence[Mapping[str, Any]], answers: Sequence[Scores], per_task: int
) -> list[Example]:
    grids = _Grids()
    examples = []
    for task in answers[0]:
        asked = [row for row in rows if f"tiny-{row['task']}" == task]
        for index, row in enumerate(asked[:per_task]):
            reference = references(row)[0]
            told = [
                answer(model["label"], model["kind"], results[task].samples[index], reference)
                for model, results in zip(models, answers, strict=True)
            ]
            question, page = row["messages"][0]["content"][-1]["text"], row["images"][0]
            examples.append(Example(row["task"], page, question, reference, told, grids.of(page)))
    return examples


class _Grids:
    """How the packaged models cut a page into tokens."""

    def __init__(self) -> None:
        self._models = {}
        for name in PACKAGED:
            folder = resolve_model(name)
            processor, config = FCoTVLProcessor.from_pretrained(folder), load_config(folder)
            self._models[name] = processor, token_window(config)

    def of(self, page: Image.Image) -> list[TokenGrid]:
        """The grids of a page."""
        return [
            token_grid(
                name,
                page.size,
                processor.image_seq_length,
                window,
                processor.image_processor.size["height"],
                processor.image_processor.min_patches,
                processor.image_processor.max_patches,
            )
            for name, (processor, window) in self._models.items()
        ]
