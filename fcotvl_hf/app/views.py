"""From a comparison to the HTML of each panel. Templates escape all text: questions and answers are foreign words."""

import base64
import json
from functools import cache
from importlib import resources
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from .cards import cards
from .comparing import Comparison
from .downloads import as_json, as_markdown
from .family import Family
from .overlays import grid_of, grid_picture, heat_picture

_STRONG = 2.0
"""Divergence in nats that is marked in full colour."""


def header() -> str:
    """The top of the page."""
    return _template("header").render()


def board(state: Comparison | None) -> str:
    """Everybody's answers and figures side by side."""
    shown = list(cards(state)) if state else []
    finished = "yes" if state and state.finished else "stopped" if state and state.stopped else "no"
    return _template("board").render(cards=shown, finished=finished)


def later(stopped: bool) -> str:
    """What the panels show until all have read, or if that will not be."""
    return _template("later").render(stopped=stopped)


def lost(state: Comparison) -> str:
    """Where on the page, and where in the reference's answer, the students would have said something else."""
    said = state.readings[state.reference]
    entries = []
    for name, loss in state.losses.items():
        told = f"The page, coloured where {name} lost most of what {state.reference} read"
        picture = heat_picture(state.asked.page, loss.heat, told) if loss.heat else None
        marks = [
            (text, min(1.0, nats / _STRONG), nats) for text, nats in zip(said.pieces, loss.divergences, strict=True)
        ]
        entries.append(
            {"name": name, "label": state.models[name], "mean": loss.mean, "picture": picture, "marks": marks}
        )
    return _template("lost").render(entries=entries, reference=state.reference)


def covered(state: Comparison, family: Family) -> str:
    """How each model cuts the page, and what one of its visual tokens covers."""
    entries = []
    for member in family.members:
        grid = grid_of(member, state.asked.page) if member.name in state.models else None
        if grid:
            picture = grid_picture(state.asked.page, grid, member.name)
            entries.append({"name": member.name, "label": member.label, "grid": grid, "picture": picture})
    return _template("covered").render(entries=entries)


def sureness(state: Comparison) -> str:
    """Everybody's answer, each token marked by how unsure the model was."""
    entries = [
        {
            "name": name,
            "label": reading.label,
            "confidence": reading.confidence,
            "marks": [(text, 1 - sure, sure) for text, sure in zip(reading.pieces, reading.confidences, strict=True)],
        }
        for name, reading in state.readings.items()
    ]
    return _template("sureness").render(entries=entries)


def files(state: Comparison) -> str:
    """Links that save the comparison; the files are in the links themselves, nothing is stored here."""
    found = json.dumps(as_json(state), indent=2, ensure_ascii=False)
    return _template("files").render(
        json=_url("application/json", found), markdown=_url("text/markdown", as_markdown(state))
    )


def plots(charts: dict[str, str]) -> str:
    """Charts from results files.

    Args:
        charts: caption → SVG text.
    """
    return _template("plots").render(plots={caption: _svg_url(svg) for caption, svg in charts.items()})


def stylesheet() -> str:
    """The app's CSS."""
    return (resources.files("fcotvl_hf.app") / "templates" / "lab.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    loader = PackageLoader("fcotvl_hf.app")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)


def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.html.j2")


def _url(kind: str, text: str) -> Markup:
    return Markup(f"data:{kind};charset=utf-8,{quote(text)}")


def _svg_url(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
