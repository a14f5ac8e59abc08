"""The HTML components that show a comparison, and what goes into each."""

from collections.abc import Callable

import gradio as gr

from . import views
from .comparing import Comparison
from .family import Family

Shown = dict[gr.HTML, str]
"""Component → its new HTML."""


class Panels:
    """The board, and the panels that look closer; the caller says where each is rendered.

    Args:
        family: the models.
        first: a finished comparison to show from the start.
    """

    def __init__(self, family: Family, first: Comparison | None) -> None:
        closer: dict[str, Callable[[Comparison], str]] = {
            "What was lost": views.lost,
            "Visual tokens on the page": lambda state: views.covered(state, family),
            "Confidence": views.sureness,
            "Save": views.files,
        }
        self.board = gr.HTML(views.board(first), elem_id="board", render=False)
        self.closer = {
            title: gr.HTML(view(first) if first else "", elem_id=f"panel-{number}", render=False)
            for number, (title, view) in enumerate(closer.items())
        }
        self._views = closer

    @property
    def all(self) -> list[gr.HTML]:
        """All components, in the order of the page."""
        return [self.board, *self.closer.values()]

    def show(self, state: Comparison) -> Shown:
        """What changes: the board while answers come, the others at the end; what they showed goes at the start."""
        shown = {self.board: views.board(state)}
        if state.stopped or not state.readings:
            shown |= dict.fromkeys(self.closer.values(), views.later(state.stopped))
        if state.finished:
            shown |= {self.closer[title]: view(state) for title, view in self._views.items()}
        return shown
