"""The app's API: what its buttons do, as JSON. Gradio documents it under "Use via API" and serves its client."""

from typing import Any

import gradio as gr

from .lab import Lab

NOTE = """\
```python
from gradio_client import Client, handle_file

lab = Client("http://127.0.0.1:7860/")  # the address of this page, or the id of a Space
page = handle_file("page.png")
found = lab.predict(page, "Read the text.", {students}, 0.0, 256, api_name="/compare")
```

| endpoint | gives |
| --- | --- |
| `/compare` | answers of the reference and of the students, agreement, confidence and divergence per token, costs |
| `/answer` | one model's answer; below the threshold of confidence the reference is asked as well |
| `/costs` | tiles, visual tokens, KV-cache bytes and FLOPs of each model, before any is run |

All give JSON with the fields of *Save as JSON*. "Use via API" at the foot of this page describes every argument.
"""


def add(lab: Lab, asked: list[Any], limits: dict[str, Any]) -> None:
    """Add the endpoints to the app that is being built.

    Args:
        lab: does the work.
        asked: the components of page, question, students, threshold and longest answer.
        limits: options of events that run a model.
    """
    page, question, _, threshold, length = asked
    names = [member.name for member in lab.family.members]
    with gr.Row(visible=False):
        model = gr.Dropdown(names, value=names[-1], label="Model")
        found, trigger = gr.JSON(label="Found"), gr.Button("Run")
    trigger.click(
        lab.compare_for_machines,
        asked,
        found,
        api_name="compare",
        api_description="Let the reference and the chosen students read a page, and compare their answers.",
        **limits,
    )
    trigger.click(
        lab.answer_for_machines,
        [page, question, model, threshold, length],
        found,
        api_name="answer",
        api_description="Let one model read a page; the reference too if the model is less sure than the threshold.",
        **limits,
    )
    trigger.click(
        lab.costs_for_machines,
        [page, question],
        found,
        api_name="costs",
        api_description="Count tiles, visual tokens, KV-cache bytes and FLOPs for each model; nothing is run.",
        concurrency_limit=4,
        preprocess=False,
    )
