"""Short hashes that say whether a prediction was made from the same model, settings and page."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from PIL import Image
from transformers import PreTrainedModel

from .rows import Row

_PROBES = 64
_NOT_THE_MODEL = ("_name_or_path", "transformers_version")
"""Keys of a configuration that tell where the model lies and what loaded it."""


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Hash JSON values, independent of the order of keys."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def model_fingerprint(model: PreTrainedModel) -> str:
    """Hash a model's configuration and some 64 evenly spaced numbers of each of its tensors.

    Enough to tell any trained or otherwise reduced model from another without reading gigabytes. The same model in
    another folder has the same fingerprint.
    """
    config = json.loads(model.config.to_json_string(use_diff=False))
    kept = {key: value for key, value in config.items() if key not in _NOT_THE_MODEL}
    return weights_hash(model.state_dict().items(), settings_hash(kept))


def weights_hash(tensors: Iterable[tuple[str, torch.Tensor]], settings: str = "") -> str:
    """Hash names, shapes, types and some 64 evenly spaced numbers of each tensor.

    Args:
        tensors: pairs of name and tensor, in any order.
        settings: a hash to begin with.
    """
    digest = hashlib.sha256(settings.encode())
    for name, tensor in sorted(tensors, key=lambda pair: pair[0]):
        flat = tensor.flatten()
        probes = flat[:: max(1, flat.numel() // _PROBES)].to("cpu", torch.float32)
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode() + probes.numpy().tobytes())
    return digest.hexdigest()[:16]


def row_hash(row: Row, tiling: Mapping[str, int]) -> str:
    """Hash a row as the model is shown it: images, ``tiling``, conversation and reference."""
    digest = hashlib.sha256(repr((settings_hash(tiling), row["messages"])).encode())
    for image in row["images"]:
        digest.update(image if isinstance(image, bytes) else _pixels(image))
    return digest.hexdigest()[:16]


def _pixels(image: Image.Image) -> bytes:
    return f"{image.mode}{image.size}".encode() + image.tobytes()
