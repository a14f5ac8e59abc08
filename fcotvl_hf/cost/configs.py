"""A model folder's shape, read from its JSON files alone: no class of the model is imported, no weight opened.

Three layouts are understood: FCoT-VL's own, InternVL's in transformers (``internvl``), and that of the original
InternVL2 repositories (``internvl_chat``).
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from fcotvl_hf.io.json_object import read_json

from .shapes import Shape, TextShape, VisionShape

FILES = ("config.json", "processor_config.json", "preprocessor_config.json")
"""All that is read of a model."""


def read_shape(folder: Path, name: str) -> Shape:
    """Read the shape of the model in a folder.

    Args:
        folder: holds ``config.json`` and, unless it is an original InternVL2, a processor's settings.
        name: what to call the model.

    Raises:
        FileNotFoundError: there is no ``config.json``.
        ValueError: it is no JSON, describes another kind of model, or lacks a number.
    """
    if not (folder / "config.json").exists():
        raise FileNotFoundError(f"{name} holds no model: there is no config.json in it")
    settings = read_json(folder / "config.json")
    match settings.get("model_type"):
        case "fcotvl" | "internvl":
            text, tiles = "text_config", _tiles_of_processor(folder)
        case "internvl_chat":
            text, tiles = "llm_config", (settings.get("min_dynamic_patch", 1), settings.get("max_dynamic_patch", 12))
        case kind:
            raise ValueError(f"{name} is a model of type {kind}; costs are known for fcotvl, internvl, internvl_chat")
    return Shape(
        name,
        TextShape(**_numbers(settings, text, TextShape, name)),
        _vision(settings, name),
        settings.get("downsample_ratio", 0.5),
        settings.get("compressor_stride", 1),
        settings.get("compressor_position", "before_projector"),
        *tiles,
    )


def _vision(settings: Mapping[str, Any], name: str) -> VisionShape:
    numbers = _numbers(settings, "vision_config", VisionShape, name)
    for side in numbers.keys() & {"image_size", "patch_size"}:
        numbers[side] = _height_and_width(numbers[side])
    return VisionShape(**numbers)


def _numbers(
    settings: Mapping[str, Any], part: str, kind: type[TextShape] | type[VisionShape], name: str
) -> dict[str, Any]:
    """The settings of a part that are fields of ``kind``; what is left out of a file is transformers' default."""
    given = settings.get(part, {})
    if missing := [field.name for field in fields(kind) if field.default is MISSING and field.name not in given]:
        raise ValueError(f"{name} does not describe a whole model: {part} in config.json lacks {', '.join(missing)}")
    return {field.name: given[field.name] for field in fields(kind) if field.name in given}


def _height_and_width(size: int | list[int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, int) else size
    return height, width


def _tiles_of_processor(folder: Path) -> tuple[int, int]:
    """Fewest and most tiles; those of the image processor's class if no file names them."""
    for file in (folder / name for name in FILES[1:]):
        if file.exists():
            settings = read_json(file)
            settings = settings.get("image_processor", settings)
            if "max_patches" in settings:
                return settings.get("min_patches", 1), settings["max_patches"]
    return 1, 12
