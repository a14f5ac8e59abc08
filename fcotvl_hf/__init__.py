"""FCoT-VL for Hugging Face: the same pages read with half or a quarter of the visual tokens.

Paper: https://arxiv.org/abs/2502.18512. Names load on first use, because torch and transformers take seconds to import
and ``fcotvl --help`` should not wait for them.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcotvl_hf.conversion.student import build_student, init_student
    from fcotvl_hf.hub.models import load_model
    from fcotvl_hf.hub.names import resolve_model
    from fcotvl_hf.io.images import load_image
    from fcotvl_hf.modeling import (
        FCoTVLConfig,
        FCoTVLForConditionalGeneration,
        FCoTVLImageProcessor,
        FCoTVLModel,
        FCoTVLProcessor,
    )

__version__ = metadata.version("fcotvl-hf")

_HOMES = {
    "FCoTVLConfig": "fcotvl_hf.modeling",
    "FCoTVLForConditionalGeneration": "fcotvl_hf.modeling",
    "FCoTVLImageProcessor": "fcotvl_hf.modeling",
    "FCoTVLModel": "fcotvl_hf.modeling",
    "FCoTVLProcessor": "fcotvl_hf.modeling",
    "build_student": "fcotvl_hf.conversion.student",
    "init_student": "fcotvl_hf.conversion.student",
    "load_image": "fcotvl_hf.io.images",
    "load_model": "fcotvl_hf.hub.models",
    "resolve_model": "fcotvl_hf.hub.names",
}

__all__ = [
    "FCoTVLConfig",
    "FCoTVLForConditionalGeneration",
    "FCoTVLImageProcessor",
    "FCoTVLModel",
    "FCoTVLProcessor",
    "build_student",
    "init_student",
    "load_image",
    "load_model",
    "resolve_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
