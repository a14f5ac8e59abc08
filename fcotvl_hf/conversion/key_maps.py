"""Where each tensor of an original checkpoint goes: pure functions from a name and a tensor to names and tensors.

They work on meta tensors too, so that all target names and shapes are known, and checked, before anything is read.
InternVL's names: https://github.com/OpenGVLab/InternVL; targets are transformers' native InternVL with Llama or Qwen2.
"""

import re
from collections.abc import Callable
from functools import partial

import torch

Mapped = list[tuple[str, torch.Tensor]]
KeyMap = Callable[[str, torch.Tensor], Mapped]
"""From a source name and its tensor to target names and tensors; empty for an unknown name."""

_VISION = (
    (r"embeddings\.class_embedding", "embeddings.cls_token"),
    (r"embeddings\.position_embedding", "embeddings.position_embeddings"),
    (r"embeddings\.patch_embedding\.(weight|bias)", r"embeddings.patch_embeddings.projection.\1"),
    (r"encoder\.layers\.(\d+)\.ls([12])", r"encoder.layer.\1.lambda_\2"),
    (r"encoder\.layers\.(\d+)\.norm1\.(weight|bias)", r"encoder.layer.\1.layernorm_before.\2"),
    (r"encoder\.layers\.(\d+)\.norm2\.(weight|bias)", r"encoder.layer.\1.layernorm_after.\2"),
    (r"encoder\.layers\.(\d+)\.mlp\.(fc[12])\.(weight|bias)", r"encoder.layer.\1.mlp.\2.\3"),
    (r"encoder\.layers\.(\d+)\.attn\.proj\.(weight|bias)", r"encoder.layer.\1.attention.projection_layer.\2"),
    (r"encoder\.layers\.(\d+)\.attn\.([qk]_norm)\.weight", r"encoder.layer.\1.attention.\2.weight"),
)
_VISION_QKV = re.compile(r"encoder\.layers\.(\d+)\.attn\.qkv\.(weight|bias)")

_PROJECTOR = {"0": "layer_norm", "1": "linear_1", "3": "linear_2"}

_INTERNLM2 = (
    (r"model\.tok_embeddings\.weight", "model.embed_tokens.weight"),
    (r"model\.norm\.weight", "model.norm.weight"),
    (r"output\.weight", "lm_head.weight"),
    (r"model\.layers\.(\d+)\.attention\.wo\.(weight|bias)", r"model.layers.\1.self_attn.o_proj.\2"),
    (r"model\.layers\.(\d+)\.feed_forward\.w1\.weight", r"model.layers.\1.mlp.gate_proj.weight"),
    (r"model\.layers\.(\d+)\.feed_forward\.w2\.weight", r"model.layers.\1.mlp.down_proj.weight"),
    (r"model\.layers\.(\d+)\.feed_forward\.w3\.weight", r"model.layers.\1.mlp.up_proj.weight"),
    (r"model\.layers\.(\d+)\.attention_norm\.weight", r"model.layers.\1.input_layernorm.weight"),
    (r"model\.layers\.(\d+)\.ffn_norm\.weight", r"model.layers.\1.post_attention_layernorm.weight"),
)
_INTERNLM2_QKV = re.compile(r"model\.layers\.(\d+)\.attention\.wqkv\.(weight|bias)")


def original_key_map(llm: str, heads: int, kv_heads: int) -> KeyMap:
    """The map of an ``internvl_chat`` checkpoint.

    Args:
        llm: ``"internlm2"``, ``"llama"`` or ``"qwen2"``.
        heads: query heads of the language model.
        kv_heads: key-value heads of the language model.
    """
    return partial(_map_original, llm=llm, heads=heads, kv_heads=kv_heads)


def map_native(name: str, tensor: torch.Tensor) -> Mapped:
    """The map of transformers' native InternVL, whose saved names are those of LLaVA, or its modules' own.

    Args:
        name: in the checkpoint.
        tensor: its values; passed through.
    """
    name = re.sub(r"^language_model\.lm_head\.", "lm_head.", name)
    name = re.sub(r"^language_model\.model\.", "model.language_model.", name)
    name = re.sub(r"^(vision_tower|multi_modal_projector)\.", r"model.\1.", name)
    return [(name, tensor)]


def split_qkv(qkv: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Queries, keys and values of a vision layer, ``[3 × width, …]`` → three of ``[width, …]``."""
    return qkv.chunk(3)


def split_grouped_qkv(wqkv: torch.Tensor, heads: int, kv_heads: int) -> tuple[torch.Tensor, ...]:
    """Queries, keys and values of an InternLM2 layer.

    Its rows are in groups, one for each key-value head: the group's query heads, then a key, then a value.

    Args:
        wqkv: ``[(heads + 2 × kv_heads) × head width, …]``.
        heads: query heads.
        kv_heads: key-value heads.

    Returns:
        ``[heads × head width, …]`` and twice ``[kv_heads × head width, …]``.

    Raises:
        ValueError: the rows do not divide among the heads.
    """
    if wqkv.shape[0] % (heads + 2 * kv_heads):
        raise ValueError(f"{wqkv.shape[0]} rows do not divide among {heads} query and {kv_heads} key-value heads")
    groups = wqkv.unflatten(0, (kv_heads, heads // kv_heads + 2, -1))  # [kv heads, queries + 2, head width, …]
    return groups[:, :-2].flatten(0, 2), groups[:, -2].flatten(0, 1), groups[:, -1].flatten(0, 1)


def _map_original(name: str, tensor: torch.Tensor, llm: str, heads: int, kv_heads: int) -> Mapped:
    part, _, rest = name.partition(".")
    if part == "vision_model":
        return _map_vision(rest, tensor)
    if part == "mlp1":
        index, _, kind = rest.partition(".")
        return [(f"model.multi_modal_projector.{_PROJECTOR[index]}.{kind}", tensor)] if index in _PROJECTOR else []
    if part != "language_model":
        return []
    mapped = _map_internlm2(rest, tensor, heads, kv_heads) if llm == "internlm2" else [(rest, tensor)]
    return [(re.sub(r"^model\.", "model.language_model.", target), values) for target, values in mapped]


def _map_vision(name: str, tensor: torch.Tensor) -> Mapped:
    if match := _VISION_QKV.fullmatch(name):
        layer, kind = match.groups()
        stem = f"model.vision_tower.encoder.layer.{layer}.attention"
        return [(f"{stem}.{letter}_proj.{kind}", part) for letter, part in zip("qkv", split_qkv(tensor), strict=True)]
    return [(f"model.vision_tower.{target}", tensor) for target in _rename(name, _VISION)]


def _map_internlm2(name: str, tensor: torch.Tensor, heads: int, kv_heads: int) -> Mapped:
    if match := _INTERNLM2_QKV.fullmatch(name):
        layer, kind = match.groups()
        parts = split_grouped_qkv(tensor, heads, kv_heads)
        return [
            (f"model.layers.{layer}.self_attn.{letter}_proj.{kind}", part)
            for letter, part in zip("qkv", parts, strict=True)
        ]
    return [(target, tensor) for target in _rename(name, _INTERNLM2)]


def _rename(name: str, rules: tuple[tuple[str, str], ...]) -> list[str]:
    """The name under the first rule that fits all of it, or nothing."""
    for pattern, target in rules:
        if match := re.fullmatch(pattern, name):
            return [match.expand(target)]
    return []
