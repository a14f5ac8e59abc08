"""transformers' own OpenAI-compatible server, for FCoT-VL models; all options are those of ``transformers serve``.

    python -m fcotvl_hf.scripts.serve tiny-50 --dtype float32 --port 8000

``transformers serve`` looks a model's class up among transformers' own and asks its own lists whether the class takes
images, so it refuses code from a model's folder even with ``--trust-remote-code``. Here both know FCoT-VL.
"""

import sys
from collections.abc import Sequence


def introduce_to_transformers() -> None:
    """Put the class where ``transformers serve`` looks for it, and its name among the models that take images."""
    from transformers.cli.serving import model_manager
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration

    name = FCoTVLForConditionalGeneration.__name__
    setattr(model_manager.transformers, name, FCoTVLForConditionalGeneration)
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES[FCoTVLConfig.model_type] = name


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until interrupted.

    Args:
        argv: arguments of ``transformers serve``; the model may be a packaged name.
    """
    from transformers.cli.transformers import app

    from fcotvl_hf.hub.names import PACKAGED, resolve_model

    introduce_to_transformers()
    arguments = sys.argv[1:] if argv is None else argv
    app(["serve", *(resolve_model(word) if word in PACKAGED else word for word in arguments)])


if __name__ == "__main__":
    main()
