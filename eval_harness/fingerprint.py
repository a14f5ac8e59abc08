"""Short hashes that say whether a prediction was made from the same model, settings and page."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedModel

from .rows import Row

_PROBES = 64


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Hash JSON values, independent of the order of keys."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


def model_fingerprint(model: PreTrainedModel) -> str:
    """Hash a model's configuration and some 64 evenly spaced numbers of each of its tensors.

    Enough to tell any trained or otherwise reduced model from another without reading gigabytes.
    """
    digest = hashlib.sha256(model.config.to_json_string(use_diff=False).encode())
    for name, tensor in sorted(model.state_dict().items()):
        flat = tensor.flatten()
        probes = flat[:: max(1, flat.numel() // _PROBES)].to("cpu", torch.float32)
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode() + probes.numpy().tobytes())
    return digest.hexdigest()[:16]


def row_key(row: Row, settings: str) -> str:
    """Hash all that a scored prediction depends on: pixels, conversation, reference, ``settings``."""
    digest = hashlib.sha256(repr((settings, row["messages"])).encode())
    for image in row["images"]:
        digest.update(f"{image.mode}{image.size}".encode() + image.tobytes())
    return digest.hexdigest()[:16]
