"""The page: a column to ask, a board of answers, and panels that look closer."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from . import endpoints, views
from .comparing import Comparison
from .examples import TASKS, Example
from .lab import Lab
from .limits import KEPT_SECONDS, NEW_TOKENS, QUESTION_CHARACTERS, QUEUE
from .page_input import PageInput
from .panels import Panels, Shown

_MODELS = {"concurrency_id": "models", "concurrency_limit": 1}
"""Limits of every event that runs a model: one at a time, so that nobody's timings are disturbed."""

_FALL_BACK = "A student that is less sure is replaced by the answer with all tokens. 0 means never."


def build_app(lab: Lab, examples: Sequence[Example], charts: dict[str, str], first: Comparison | None) -> gr.Blocks:
    """Build the app.

    Args:
        lab: what its buttons do.
        examples: pages to begin with; the first one is on the page from the start.
        charts: caption → SVG text of results.
        first: the first example's comparison, shown from the start if it is known.
    """
    panels = Panels(lab.family, first)

    def run(*request: Any) -> Iterator[Shown]:
        yield from map(panels.show, lab.compare(*request))

    with gr.Blocks(title="Compression lab", analytics_enabled=False, delete_cache=(60, KEPT_SECONDS)) as app:
        gr.HTML(views.header(lab.family))
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=300):
                asked = _question(lab, examples[0])
                with gr.Row():
                    compare = gr.Button("Compare", variant="primary", elem_id="compare", scale=3, min_width=120)
                    stop = gr.Button("Stop", elem_id="stop", scale=1, min_width=80)
            with gr.Column(scale=8, min_width=300):
                panels.board.render()
                rows = [[str(example.file), example.question] for example in examples]
                shown = gr.Examples(rows, asked[:2], label="Examples, picked to show the difference", preload=False)
        with gr.Tabs():
            _closer(panels, charts, lab)
        starts = (compare.click, asked[1].submit, shown.load_input_event.then)
        events = [start(run, asked, panels.all, api_visibility="private", **_MODELS) for start in starts]
        stop.click(None, cancels=events, api_visibility="private")
        endpoints.add(lab, asked, _MODELS)
    app.queue(max_size=QUEUE)
    return app


def _question(lab: Lab, example: Example) -> list[Any]:
    """The components of page, question, students, threshold and longest answer."""
    page = PageInput(
        str(example.file),
        label="Page",
        sources=["upload", "clipboard"],
        height=250,
        buttons=["fullscreen"],
        alt_text="The page that is read",
        elem_id="page",
    )
    question = gr.Textbox(example.question, label="Question", max_length=QUESTION_CHARACTERS, elem_id="question")
    with gr.Row(elem_classes="lab-tasks"):
        for name, wording in TASKS.items():
            button = gr.Button(name, size="sm", min_width=120)
            button.click(None, None, question, js=f"() => {wording!r}", api_visibility="private")
    students = [(f"{student.label} ({student.name})", student.name) for student in lab.family.students]
    everybody = [name for _, name in students]
    chosen = gr.CheckboxGroup(students, value=everybody, label="Compare with all tokens", elem_id="students")
    with gr.Accordion("Settings", open=False):
        threshold = gr.Slider(0, 1, 0, step=0.05, label="Fall back below this confidence", info=_FALL_BACK)
        length = gr.Slider(16, NEW_TOKENS, NEW_TOKENS, step=16, label="Longest answer in tokens")
    return [page, question, chosen, threshold, length]


def _closer(panels: Panels, charts: dict[str, str], lab: Lab) -> None:
    """The tabs below the board."""
    for title, panel in panels.closer.items():
        with gr.Tab(title):
            panel.render()
    if charts:
        with gr.Tab("Scores"):
            gr.HTML(views.plots(charts))
    with gr.Tab("API"):
        students = [student.name for student in lab.family.students]
        gr.Markdown(endpoints.NOTE.replace("{students}", str(students)).replace("{url}", "http://127.0.0.1:7860/"))
