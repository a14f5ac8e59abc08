"""The page: a column to ask, a board of answers, and panels that look closer."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr

from . import endpoints, views
from .comparing import Comparison
from .examples import TASKS, Example
from .family import Family
from .lab import Lab
from .limits import KEPT_SECONDS, NEW_TOKENS, QUESTION_CHARACTERS, QUEUE
from .panels import Panels, Shown
from .visitor import Visitor

_MODELS: dict[str, Any] = {"concurrency_id": "models", "concurrency_limit": 1, "preprocess": False}
"""Of every event that runs a model: one at a time, so that nobody's timings are disturbed. What was sent is checked by
``checks.py``; Gradio would decode any picture first.
"""

_PICKED = "Examples, picked to show the difference"
_LOOK = "() => document.getElementById('board').scrollIntoView({behavior: 'smooth', block: 'nearest'})"
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

    def run(visitor: Visitor, number: int, *request: Any) -> Iterator[Shown]:
        yield from map(panels.show, visitor.watch(number, lab.compare(*request)))

    with gr.Blocks(
        title="Compression lab", analytics_enabled=False, fill_width=True, delete_cache=(60, KEPT_SECONDS)
    ) as app:
        gr.HTML(views.header())
        with gr.Row(elem_classes="lab-main"):
            with gr.Column(elem_classes="lab-left"):
                with gr.Column(elem_classes="lab-page"):
                    page = _page(examples[0])
                    question = _question(examples[0])
                    rows = [[str(example.file), example.question] for example in examples]
                    shown = gr.Examples(rows, [page, question], label=_PICKED, visible_columns=[0], preload=False)
                with gr.Column(elem_classes="lab-ask"):
                    question.render()
                    _tasks(question)
                    asked = [page, question, *_options(lab.family)]
                    with gr.Row():
                        compare = gr.Button("Compare", variant="primary", elem_id="compare", scale=3, min_width=120)
                        stop = gr.Button("Stop", elem_id="stop", scale=1, min_width=80)
            with gr.Column(elem_classes="lab-right"):
                with gr.Column(elem_classes="lab-answers"):
                    panels.board.render()
                with gr.Column(elem_classes="lab-closer"), gr.Tabs():
                    _closer(panels, charts, lab)
        visitor, number = gr.State(Visitor()), gr.Number(visible=False)
        for start in (compare.click, question.submit, shown.load_input_event.then):
            numbered = start(Visitor.ask, visitor, number, queue=False, api_visibility="private")
            request = [visitor, number, *asked]
            numbered.then(run, request, panels.all, trigger_mode="multiple", api_visibility="private", **_MODELS)
        stop.click(Visitor.stop, visitor, queue=False, api_visibility="private")
        compare.click(None, js=_LOOK, api_visibility="private")
        app.load(None, js=_name_thumbnails(examples), api_visibility="private")
        endpoints.add(lab, asked, _MODELS)
    app.queue(max_size=QUEUE)
    return app


def _name_thumbnails(examples: Sequence[Example]) -> str:
    """Code that tells screen readers what Gradio's thumbnails ask."""
    names = json.dumps([example.question for example in examples])
    thumbnails = "document.querySelectorAll('.lab-page .gallery-item')"
    return f"() => {thumbnails}.forEach((button, number) => button.setAttribute('aria-label', {names}[number]))"


def _page(example: Example) -> gr.Image:
    return gr.Image(
        str(example.file),
        type="filepath",
        label="Page",
        sources=["upload", "clipboard"],
        height=200,
        buttons=["fullscreen"],
        alt_text="The page that is read",
        elem_id="page",
    )


def _question(example: Example) -> gr.Textbox:
    return gr.Textbox(
        example.question, label="Question", max_length=QUESTION_CHARACTERS, elem_id="question", render=False
    )


def _tasks(question: gr.Textbox) -> None:
    """Buttons that write a question; they ask nothing of the server."""
    with gr.Row(elem_classes="lab-tasks"):
        for name, wording in TASKS.items():
            button = gr.Button(name, size="sm", min_width=120)
            button.click(None, None, question, js=f"() => {wording!r}", api_visibility="private")


def _options(family: Family) -> list[Any]:
    """The components of students, threshold and longest answer."""
    students = [(f"{student.label} ({student.name})", student.name) for student in family.students]
    everybody = [name for _, name in students]
    chosen = gr.CheckboxGroup(students, value=everybody, label="Compare with all tokens", elem_id="students")
    with gr.Column(elem_classes="lab-options"):
        gr.HTML("<details><summary>Options</summary></details>")  # Gradio's accordion resets what is typed as it opens
        threshold = gr.Slider(0, 1, 0, step=0.05, label="Fall back below this confidence", info=_FALL_BACK)
        length = gr.Slider(16, NEW_TOKENS, NEW_TOKENS, step=16, label="Longest answer in tokens")
    return [chosen, threshold, length]


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
        gr.Markdown(endpoints.NOTE.replace("{students}", str(students)))
