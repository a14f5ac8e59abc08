"""An upload field that hands over checked pages; Gradio's own decodes whatever it is given."""

from html import escape
from pathlib import Path

import gradio as gr
from gradio.components.image import ImageData
from PIL import Image

from .uploads import read_page

from gradio.events import Dependency

class PageInput(gr.Image):
    """Gradio's image field with our reading of files.

    What a browser uploads arrives as a file of the server's cache; pictures inside the request itself, which no size
    limit of the server sees, are refused.
    """

    is_template = True  # drawn as its parent

    def preprocess(self, payload: ImageData | None) -> Image.Image | None:
        """The page, or ``None`` if the field is empty.

        Raises:
            gr.Error: it cannot be read; the message is for the visitor.
        """
        if payload is None:
            return None
        if payload.path is None:
            raise gr.Error("upload the picture as a file", print_exception=False)
        try:
            return read_page(Path(payload.path))
        except ValueError as error:
            raise gr.Error(escape(str(error)), print_exception=False) from None
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component