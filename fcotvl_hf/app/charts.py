"""Charts from results that were measured before; what is not there is not shown."""

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from fcotvl_hf.eval_harness.cost_plot import score_over_tokens
from fcotvl_hf.hub.names import PACKAGED
from fcotvl_hf.tiny.cards import as_points

_FILES = {
    "score-over-tokens.svg": "Score against visual tokens per image: further left is cheaper, higher is better.",
    "legibility.svg": "The eye test: which size of type each model still reads.",
}
"""Pictures that ``fcotvl eval --compare`` writes → captions."""


def charts(names: Sequence[str], results: Path | None) -> dict[str, str]:
    """What is known of the lab's models.

    Args:
        names: of the models; for the packaged ones the package has scores.
        results: folder that ``fcotvl eval --compare`` wrote about them.

    Returns:
        Caption → SVG text.

    Raises:
        NotADirectoryError: ``results`` is no folder.
    """
    if results is not None:
        if not results.is_dir():
            raise NotADirectoryError(f"{results} is no folder; give one that fcotvl eval --compare wrote")
        there = {caption: results / name for name, caption in _FILES.items() if (results / name).exists()}
        return {caption: path.read_text(encoding="utf-8") for caption, path in there.items()}
    if set(names) <= set(PACKAGED):
        scores = json.loads((resources.files("fcotvl_hf") / "assets" / "scores.json").read_text(encoding="utf-8"))
        caption = _FILES["score-over-tokens.svg"] + " The tiny models and untrained rivals, on drawn pages."
        return {caption: score_over_tokens(as_points(scores)).svg}
    return {}
