"""LoRA checkpoints: δ = scale · B A, and modules that PEFT trained in full, on top of the base's numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft.utils.other import get_pattern_key

from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.io.ranges import TensorFile
from fcotvl_hf.io.tensors import TensorSpec

from .sources import ADAPTER, Source

_PREFIX = "base_model.model."
_MORE_THAN_LORA = (
    "arrow_config",
    "fan_in_fan_out",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "monteclora_config",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "velora_config",
)
"""Settings of PEFT under which δ is not scale · B A."""
_CHANGE_THE_BASE = ("corda", "lora_ga", "loftq", "olora", "pissa")
"""Initialisations that take something out of the base's weights, so that θ_base is not what the adapter is put on."""


class AdapterSource:
    """A PEFT folder seen as the checkpoint that ``merge_and_unload`` would make of it, in float32.

    Args:
        folder: holds ``adapter_config.json`` and ``adapter_model.safetensors``.
        base: what it was trained on.

    Raises:
        ValueError: it is no plain LoRA on linear layers, or does not fit the base.
    """

    def __init__(self, folder: Path, base: Source) -> None:
        self.folder = folder
        self._base = base
        settings = read_json(folder / "adapter_config.json")
        self._check_kind(settings)
        self._file = TensorFile(folder / ADAPTER)
        self._deltas: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        self._replaced: dict[str, str] = {}
        for key in self._file.specs:
            name = key.removeprefix(_PREFIX)
            if name.endswith(".lora_A.weight"):
                self._add_delta(name.removesuffix(".lora_A.weight"), key, settings)
            elif not name.endswith(".lora_B.weight"):
                self._check_target(name, key, self._file.specs[key].shape)
                self._replaced[name] = key
        changed = {**dict.fromkeys(self._deltas, torch.float32), **{n: base.specs[n].dtype for n in self._replaced}}
        self.specs = {name: TensorSpec(spec.shape, changed.get(name, spec.dtype)) for name, spec in base.specs.items()}

    def sha256(self) -> str:
        return self._file.sha256()

    def read(self, name: str, first: int, count: int) -> torch.Tensor:
        if name in self._replaced:
            return self._file.read(self._replaced[name], first, count).to(self.specs[name].dtype)
        values = self._base.read(name, first, count)
        if name not in self._deltas:
            return values
        left, right = self._deltas[name]  # [out, rank], [rank, in]
        width = right.shape[1]
        rows = slice(first // width, -(-(first + count) // width))
        start = first - rows.start * width
        return values.float() + (left[rows] @ right).flatten()[start : start + count]

    def _check_kind(self, settings: Mapping[str, Any]) -> None:
        odd = [key for key in _MORE_THAN_LORA if settings.get(key)]
        odd += [f"peft_type {kind}"] if (kind := settings.get("peft_type")) != "LORA" else []
        odd += [f"bias {bias}"] if (bias := settings.get("bias", "none")) != "none" else []
        start = str(settings.get("init_lora_weights"))
        odd += [f"init_lora_weights {start}"] if start.startswith(_CHANGE_THE_BASE) else []
        if odd:
            raise ValueError(
                f"{self.folder} is an adapter with {', '.join(odd)}, which is not merged here; put it into the model "
                "with PEFT's merge_and_unload first"
            )

    def _add_delta(self, module: str, key: str, settings: Mapping[str, Any]) -> None:
        right = self._whole(key)
        left = self._whole(key.replace(".lora_A.weight", ".lora_B.weight"))
        if right.dim() != 2:
            raise ValueError(f"{self.folder}: {key} belongs to no linear layer; use PEFT's merge_and_unload first")
        self._check_target(f"{module}.weight", key, (left.shape[0], right.shape[1]))
        patterns = settings.get("alpha_pattern") or {}
        alpha = patterns.get(get_pattern_key(list(patterns), module), settings["lora_alpha"])
        rank = right.shape[0]
        self._deltas[f"{module}.weight"] = left * (alpha / (rank**0.5 if settings.get("use_rslora") else rank)), right

    def _whole(self, key: str) -> torch.Tensor:
        if key not in self._file.specs:
            raise ValueError(f"{self.folder / ADAPTER} lacks {key}; save the adapter again")
        spec = self._file.specs[key]
        values = self._file.read(key, 0, spec.bytes // spec.dtype.itemsize)
        return values.float().reshape(spec.shape)

    def _check_target(self, name: str, key: str, shape: tuple[int, ...]) -> None:
        if name not in self._base.specs:
            raise ValueError(f"{self.folder} changes {name}, which the base {self._base.folder} does not have ({key})")
        if tuple(shape) != self._base.specs[name].shape:
            there = list(self._base.specs[name].shape)
            raise ValueError(f"{self.folder}: {key} gives {list(shape)}, but {name} of {self._base.folder} is {there}")
