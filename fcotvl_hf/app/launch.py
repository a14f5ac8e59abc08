"""Start the lab: on this machine with ``fcotvl app``, or as a Space."""

import logging
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .zero_gpu import ON_ZERO_GPU

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported

import gradio as gr  # noqa: E402

from fcotvl_hf.io.atomic import sigterm_raises  # noqa: E402

from . import views  # noqa: E402
from .charts import charts  # noqa: E402
from .examples import draw_examples  # noqa: E402
from .family import load_family  # noqa: E402
from .lab import Lab  # noqa: E402
from .layout import build_app  # noqa: E402
from .limits import UPLOAD_BYTES  # noqa: E402
from .names import names_of_models  # noqa: E402

logger = logging.getLogger(__name__)


def launch(models: Sequence[str] | None = None, port: int | None = None, results: Path | None = None) -> None:
    """Load the models, start the server, and serve until it is stopped.

    Args:
        models: packaged names, folders or Hub ids, the reference first; by default those of ``FCOTVL_MODELS``, else the
            packaged ones.
        port: to listen at; by default ``GRADIO_SERVER_PORT``, or the first free one from 7860 on.
        results: folder that ``fcotvl eval --compare`` wrote, for the tab with the scores.

    Raises:
        UsageError: fewer than two models.
        OSError: a model is not there, or the port is taken.
        ValueError: a model cannot be used.
    """
    names = names_of_models(models)
    _check_port(port)
    shown = charts(names, results)
    lab = Lab(load_family(names))
    with sigterm_raises(), tempfile.TemporaryDirectory(prefix="fcotvl-app-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # what visitors upload goes with it
        examples = draw_examples(Path(folder))
        first = None if ON_ZERO_GPU else lab.first(examples[0])  # there is no GPU outside of a call
        app = build_app(lab, examples, shown, first)
        app.launch(
            server_port=port,
            max_file_size=UPLOAD_BYTES,
            theme=theme(),
            css=views.stylesheet(),
            footer_links=["api", "settings"],
            ssr_mode=False,
            quiet=True,
            prevent_thread_lock=True,
        )
        logger.info("the lab is open at %s; Ctrl-C closes it", app.local_url)
        app.block_thread()


def _check_port(port: int | None) -> None:
    """Say that a port is taken before models are loaded.

    Raises:
        OSError: it is.
    """
    if port is None:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does, just after another one
        try:
            probe.bind((os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), port))
        except OSError as error:
            raise OSError(f"port {port} cannot be listened at: {str(error.strerror).lower()}; choose another") from None


def theme() -> gr.themes.Base:
    """Calm, with the system's own fonts, so that nothing is fetched from elsewhere."""
    return gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        radius_size="lg",
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    ).set(  # the defaults' contrast is below 4.5 : 1
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
    )
